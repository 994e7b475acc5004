import { precisions } from '../../stack/precision.ts';
import type { Check } from '../draft.ts';
import { either } from '../words.ts';

/** The accelerator computes in the precision of the job. */
export const precision: Check = ({ training, cluster }, faults) => {
  const accelerator = cluster.instance?.accelerator;
  if (accelerator === undefined || training.precision === undefined || faults.names('training.precision')) return;
  if (accelerator.flopsPerSecond[training.precision] !== undefined) return;
  const known = precisions.filter((name) => accelerator.flopsPerSecond[name] !== undefined);
  const would = known.length === 0 ? 'no peak of it is known in any precision' : `${either(known)} would do`;
  faults.add('training.precision', `${accelerator.name} has no known peak in ${training.precision}; ${would}`);
};
