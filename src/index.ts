export { ForetrainError } from './errors.ts';
export { parseJob, readJob } from './job/index.ts';
export type { Job } from './job/job.ts';
export { type Simulation, simulate, simulateDetailed } from './simulate.ts';
export type { Report } from './step/report.ts';
