import { planSchedule } from '../../src/pipeline/planSchedule.ts';
import { placementOf } from '../../src/pipeline/schedule.ts';
import { findSchedule } from '../../src/pipeline/schedules/index.ts';
import { pipelineShape } from '../../src/pipeline/shape.ts';
import { microbatchesInFlight } from '../../src/step/inFlight.ts';
import { costsOf } from '../pipeline/make.ts';

/** Microbatches, of all its chunks together, that each device of a pipeline of equal stages holds at its peak. */
export function inFlightOf(name: string, spec: Parameters<typeof pipelineShape>[0]): readonly number[] {
  const schedule = findSchedule(name);
  const shape = pipelineShape(spec);
  const costs = costsOf(schedule, shape, { forward: 1, backwardInput: 1, backwardWeight: 1, communication: 0 });
  const plan = planSchedule(schedule, shape, costs);
  const held = microbatchesInFlight(plan);
  if (placementOf(schedule, shape) === 'v') throw new Error('a V schedule places its chunks otherwise');
  return Array.from({ length: shape.stages }, (_, device) =>
    held.reduce((sum, count, stage) => (stage % shape.stages === device ? sum + count : sum), 0),
  );
}
