export { type ConstantSample, type FittedConstant, fitConstant } from './constant.ts';
export type { AllocatorConstant, FitsGroup } from './fitsGroups.ts';
export { type Interval, measuredSeconds, relativeError } from './interval.ts';
export { type RowJson, type ValidationJson, validationJson } from './json.ts';
export { type Measured, type MeasuredRow, type PeakKind, parseRows, peakKinds } from './row.ts';
export {
  counts,
  type Evaluate,
  type FitsScore,
  type MemoryScore,
  type Prediction,
  type Refusal,
  type RowScore,
  scoreRow,
  type TimeScore,
} from './scoreRow.ts';
export { type ExperimentScore, type ScoredSet, type SetScore, scoreSet } from './scoreSet.ts';
