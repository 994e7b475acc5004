import type { FaultList } from '../faults.ts';
import type { SmpParameters } from '../schema/smp.ts';
import type { TrainingInput } from '../schema/training.ts';

/**
 * Training in the precision that the parameters ask for, where the job names none. A job may be in fp16 without the
 * key: scripts brought their own mixed precision before the library had one.
 */
export function withPrecision(
  training: TrainingInput | undefined,
  parameters: SmpParameters,
  faults: FaultList,
): TrainingInput | undefined {
  const { fp16 = false, bf16 = false, fp16_params: halfParameters = false } = parameters;
  const path = (key: string) => `smp.parameters.${key}`;
  if (fp16 && bf16) {
    faults.add(path('bf16'), 'true stands beside fp16 true; one of them would do');
    return training;
  }
  const key = bf16 ? 'bf16' : fp16 ? 'fp16' : halfParameters ? 'fp16_params' : undefined;
  if (key === undefined || !faults.sound('training.precision')) return training;
  const precision = bf16 ? 'bf16' : 'fp16';
  if (training?.precision !== undefined && training.precision !== precision) {
    faults.add(path(key), `true stands beside training.precision ${training.precision}; ${precision} there would do`);
  }
  if (bf16 && halfParameters) faults.add(path('fp16_params'), 'true stands beside bf16 true; one of them would do');
  return { ...training, precision };
}
