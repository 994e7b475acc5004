export type { Cluster, Job, Optimizer, Parallelism, Partitioner, Training } from './job.ts';
export { optimizers } from './job.ts';
export { parseJob } from './parseJob.ts';
export { parseJson } from './parseJson.ts';
export { readJob } from './readJob.ts';
export { parseScheduleSpec, readScheduleSpec, type ScheduleSpec } from './scheduleSpec.ts';
