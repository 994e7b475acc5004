import type { Check } from '../draft.ts';
import { batch } from './batch.ts';
import { cuts } from './cuts.ts';
import { devices } from './devices.ts';
import { experts } from './experts.ts';
import { graphModel } from './graphModel.ts';
import { kernels } from './kernels.ts';
import { offload } from './offload.ts';
import { optimizer } from './optimizer.ts';
import { precision } from './precision.ts';
import { schedule } from './schedule.ts';
import { sequence } from './sequence.ts';
import { sharding } from './sharding.ts';
import { stages } from './stages.ts';
import { tensor } from './tensor.ts';
import { vendor } from './vendor.ts';

/** Every check of fields against each other, in the order in which their faults are told. */
export const checks: readonly Check[] = [
  vendor,
  kernels,
  precision,
  graphModel,
  tensor,
  devices,
  experts,
  batch,
  sequence,
  stages,
  cuts,
  schedule,
  sharding,
  offload,
  optimizer,
];
