import type { ScheduleRun } from '../../pipeline/answer.ts';
import type { TransferMode } from '../../pipeline/run.ts';
import type { TraceSource } from './source.ts';

const microsecondsOfSecond = 1e6;

/** A schedule by itself as a trace: one unit of cost is a microsecond, or a second where every cost is a fraction of one. */
export function traceOfSchedule(run: ScheduleRun, transfers: TransferMode): TraceSource {
  const { schedule, shape, costs, timeline } = run;
  const largest = Math.max(...costs.forward, ...costs.backward, ...costs.weight, ...costs.communication);
  const fractions = largest < 1;
  return {
    title: `${schedule.name}, ${shape.stages} stages, ${shape.microbatches} microbatches`,
    timeline,
    transfers,
    communication: costs.communication,
    microseconds: fractions ? microsecondsOfSecond : 1,
    leftOut: [`One unit of cost is shown as one ${fractions ? 'second' : 'microsecond'}.`],
    processName: (device) => `stage ${device}`,
    passArgs: () => ({}),
    transferBytes: () => undefined,
    extraSlices: () => [],
  };
}
