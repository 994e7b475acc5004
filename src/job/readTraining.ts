import type { Accelerator } from '../hardware/accelerator.ts';
import type { Drafted } from './draft.ts';
import type { FaultList } from './faults.ts';
import type { Training } from './job.ts';
import type { TrainingInput } from './schema/training.ts';

/**
 * What the run learns from, with defaults: Adam, and bf16 or, where the accelerator has none, fp16.
 * Stochastic rounding is off.
 */
export function readTraining(
  input: TrainingInput | undefined,
  accelerator: Accelerator | undefined,
  faults: FaultList,
): Drafted<Training> {
  const { sequenceLength, globalBatchSize, precision, optimizer, tokens, steps, stochasticRounding } = input ?? {};
  const defaultPrecision = accelerator && (accelerator.flopsPerSecond.bf16 === undefined ? 'fp16' : 'bf16');
  if (tokens !== undefined && steps !== undefined) {
    faults.add('training.tokens', 'stands beside training.steps, and either says how long the run is; leave one out');
  }
  return {
    sequenceLength,
    globalBatchSize,
    precision: faults.sound('training.precision') ? (precision ?? defaultPrecision) : undefined,
    optimizer: optimizer ?? 'adam',
    tokens,
    steps,
    stochasticRounding: stochasticRounding ?? false,
  };
}
