import { nearestMultiple } from '../divisors.ts';
import type { Check } from '../draft.ts';
import { shown } from '../words.ts';

/** Each replica takes the same number of microbatches. */
export const batch: Check = ({ training, parallelism }, faults) => {
  const { globalBatchSize } = training;
  const { data, microBatchSize } = parallelism;
  if (globalBatchSize === undefined || data === undefined || microBatchSize === undefined) return;
  if (!faults.sound('parallelism.data', 'parallelism.microBatchSize')) return;
  const unit = data * microBatchSize;
  if (globalBatchSize % unit === 0) return;
  const product = `data ${shown(data)} · microBatchSize ${shown(microBatchSize)} = ${shown(unit)}`;
  const nearest = shown(nearestMultiple(globalBatchSize, unit));
  const message = `${shown(globalBatchSize)} is not divisible by ${product}; ${nearest} is the nearest that is`;
  faults.add('training.globalBatchSize', message);
};
