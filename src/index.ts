export { ForetrainError } from './errors.ts';
export { type Calibration, parseCalibration, readCalibration } from './job/calibration.ts';
export { parseJob, readJob } from './job/index.ts';
export type { Job } from './job/job.ts';
export { type SimulateOptions, type Simulation, simulate, simulateDetailed } from './simulate.ts';
export type { Report } from './step/report.ts';
export { calibrate, type MeasuredRun } from './validate/calibrate.ts';
export { parseMeasuredRuns } from './validate/measuredRun.ts';
