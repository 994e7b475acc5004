import { nearestMultiple } from '../divisors.ts';
import type { Check } from '../draft.ts';
import { shown } from '../words.ts';

/** Sequence parallelism cuts the sequence into equal parts, and learned positions reach to its end. */
export const sequence: Check = ({ model, training, parallelism }, faults) => {
  const { sequenceLength } = training;
  const { tensor, sequenceParallel } = parallelism;
  if (sequenceLength === undefined) return;
  const cuts = tensor !== undefined && faults.sound('parallelism.tensor');
  if (cuts && sequenceParallel && sequenceLength % tensor !== 0) {
    const nearest = shown(nearestMultiple(sequenceLength, tensor));
    const message = `${shown(sequenceLength)} is not divisible by tensor ${shown(tensor)}, as sequenceParallel needs`;
    faults.add('training.sequenceLength', `${message}; ${nearest} is the nearest that is`);
  }
  if (model?.positions === 'learned' && sequenceLength > model.maxSequenceLength) {
    const most = shown(model.maxSequenceLength);
    const message = `${shown(sequenceLength)} is more than the ${most} learned positions of ${model.name}`;
    faults.add('training.sequenceLength', `${message}; at most ${most} would do`);
  }
};
