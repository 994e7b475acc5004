import { fail } from '../errors.ts';
import { virtualStageCount } from './placement.ts';
import type { PipelineCosts, PipelineShape, StagePlacement } from './schedule.ts';

/** A cost that is the same everywhere, or one for each virtual stage. */
export type Cost = number | readonly number[] | Float64Array;

/**
 * One cost for each of `length` virtual stages or boundaries.
 * @throws ForetrainError at `path` where the length is wrong or a cost is negative or not finite
 */
export function expandCost(cost: Cost, length: number, path: string): Float64Array {
  const values = typeof cost === 'number' ? new Float64Array(length).fill(cost) : Float64Array.from(cost);
  if (values.length !== length)
    fail(path, `has ${values.length} costs; give one number, or ${length}: one for each virtual stage`);
  const bad = values.findIndex((value) => !(value >= 0 && Number.isFinite(value)));
  if (bad >= 0) {
    const where = typeof cost === 'number' ? path : `${path}.${bad}`;
    fail(where, `is ${values[bad]}; a cost is a finite number, zero or more`);
  }
  return values;
}

/** Costs of one schedule question: each a number, or one for each virtual stage (or boundary). */
export interface CostSpec {
  readonly forward: Cost;
  readonly backwardInput: Cost;
  readonly backwardWeight: Cost;
  readonly communication?: Cost | undefined;
  readonly fusedPair?: Cost | undefined;
}

/**
 * The costs of a schedule: where it does not split the backward pass, the two parts of it are added up.
 * A list of communication costs may have one entry a boundary or one a virtual stage (the last is then not used).
 */
export function pipelineCosts(
  spec: CostSpec,
  placement: StagePlacement,
  splitsBackward: boolean,
  shape: PipelineShape,
): PipelineCosts {
  const count = virtualStageCount(placement, shape);
  const forward = expandCost(spec.forward, count, 'forward');
  const input = expandCost(spec.backwardInput, count, 'backwardInput');
  const weight = expandCost(spec.backwardWeight, count, 'backwardWeight');
  const perStage = typeof spec.communication === 'object' && spec.communication.length === count;
  const communication = expandCost(spec.communication ?? 0, perStage ? count : count - 1, 'communication');
  const costs = {
    forward,
    backward: splitsBackward ? input : input.map((value, s) => value + weight[s]),
    weight,
    communication: perStage ? communication.slice(0, count - 1) : communication,
  };
  if (spec.fusedPair === undefined) return costs;
  return { ...costs, fusedPair: expandCost(spec.fusedPair, count, 'fusedPair') };
}
