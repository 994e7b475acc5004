export type { Alternative, Explanation, FrontierPoint, Plan, PlanAnswer, ScalingPoint, Sensitivity } from './answer.ts';
export { type PlanOptions, plan } from './plan.ts';
export type { Cell } from './request/cell.ts';
export { type PlanRequest, readPlanRequest } from './request/request.ts';
export { calibratedBase, type Evaluate, type Evaluation, evaluateOne } from './search/evaluate.ts';
export type { Progress } from './search/searchCell.ts';
export type { Candidate, WrittenJob } from './space/candidate.ts';
