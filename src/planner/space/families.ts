import { divisors } from '../../job/divisors.ts';
import { placementLetters } from '../../partition/placement.ts';
import type { Cell } from '../request/cell.ts';
import type { StackSpace } from '../request/stackSpace.ts';
import { type Asked, allowed, unitsToCut } from './asked.ts';
import type { Family } from './candidate.ts';

/** Degrees, orders of ranks and microbatches, as far as they divide devices, model and batch. */
export function* families({ cell, search, stackSpace }: Asked): Generator<Family> {
  const { model, cluster, stack, training } = cell.base;
  const { devices } = cluster;
  const { sequenceLength, globalBatchSize } = training;
  const degrees = divisors(devices);
  const tensors = allowed(search.tensor, degrees).filter((tensor) => dividesModel(cell, tensor));
  for (const tensor of tensors) {
    const sequenceParallels = sequenceParallelOf(
      search.sequenceParallel,
      stackSpace,
      tensor,
      sequenceLength,
      stack.name,
    );
    const splitsSequences = stackSpace.context || search.context !== undefined;
    const contexts = splitsSequences && model.graph === undefined ? degrees : [1];
    for (const context of allowed(search.context, contexts)) {
      if (devices % (tensor * context) !== 0 || sequenceLength % context !== 0) continue;
      const ofModel = divisors(devices / (tensor * context));
      const pipelineDegrees = stackSpace.pipeline || search.pipeline !== undefined ? ofModel : [1];
      for (const pipeline of allowed(search.pipeline, pipelineDegrees)) {
        if (pipeline > unitsToCut(model)) continue;
        const data = devices / (tensor * context * pipeline);
        if (search.data !== undefined && !search.data.includes(data)) continue;
        if (globalBatchSize % data !== 0) continue;
        const orders = placementsOf(search.placement ?? stackSpace.placements, { tensor, context, pipeline, data });
        for (const microBatchSize of allowed(search.microBatchSize, divisors(globalBatchSize / data))) {
          const microbatches = globalBatchSize / data / microBatchSize;
          for (const sequenceParallel of sequenceParallels) {
            for (const placement of orders) {
              yield { tensor, context, pipeline, data, sequenceParallel, microBatchSize, microbatches, placement };
            }
          }
        }
      }
    }
  }
}

/** Whether heads and matrices fall into so many equal parts; operators of a graph do not. */
function dividesModel({ base: { model } }: Cell, tensor: number): boolean {
  if (model.graph !== undefined) return tensor === 1;
  const { attentionHeads, keyValueHeads, hiddenSize, feedForwardSize } = model;
  return (
    attentionHeads % tensor === 0 &&
    (keyValueHeads % tensor === 0 || tensor % keyValueHeads === 0) &&
    hiddenSize % tensor === 0 &&
    feedForwardSize % tensor === 0
  );
}

function sequenceParallelOf(
  listed: readonly boolean[] | undefined,
  { sequenceParallel }: StackSpace,
  tensor: number,
  sequenceLength: number,
  stack: string,
): readonly boolean[] {
  // It has no effect at tensor 1.
  if (tensor === 1) return [false];
  return (listed ?? sequenceParallel).filter(
    (split) => !split || (sequenceLength % tensor === 0 && stack !== 'smp-v1'),
  );
}

/** Orders of ranks that differ where degrees are above 1; the first of those that do not. */
function placementsOf(
  listed: readonly string[],
  degrees: Pick<Family, 'tensor' | 'context' | 'pipeline' | 'data'>,
): readonly string[] {
  const has: Readonly<Record<string, boolean>> = {
    T: degrees.tensor * degrees.context > 1,
    P: degrees.pipeline > 1,
    D: degrees.data > 1,
  };
  const seen = new Set<string>();
  return listed.filter((placement) => {
    const letters = [...(placementLetters(placement) ?? '')].filter((letter) => has[letter]).join('');
    if (seen.has(letters)) return false;
    seen.add(letters);
    return true;
  });
}
