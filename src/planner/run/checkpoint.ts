import { parameterCount } from '../../graph/parameters.ts';
import type { Job } from '../../job/job.ts';
import { momentBytes } from '../../memory/states.ts';
import { elementBytes } from '../../stack/precision.ts';
import { hostRates } from '../../step/offloadedPass.ts';
import type { Reliability } from './reliability.ts';
import type { Storage } from './storage.ts';

/** One checkpoint of a run, seconds. */
export interface Checkpoint {
  readonly bytes: number;
  /** How long training stands still for it. */
  readonly stallSeconds: number;
  /** From then until it is safe: 0 where training waits for the whole of it. */
  readonly lagSeconds: number;
  readonly readSeconds: number;
}

const fp32Bytes = 4;

/** Bytes a parameter in a checkpoint: masters and moments in fp32, and the parameter itself where it is another. */
function bytesPerParameter({ training, stack }: Pick<Job, 'training' | 'stack'>): number {
  const own = training.precision === 'fp32' || stack.mastersAreParameters ? 0 : elementBytes(training.precision);
  return own + fp32Bytes + momentBytes[training.optimizer];
}

/**
 * What a checkpoint of the model states takes: all instances write at once, as fast as storage or their network cards
 * let them; asynchronously training waits only until the states are in the memory of the hosts.
 * @source 14 bytes a parameter make the 2.3 TB of BLOOM-176B (stas00/ml-engineering, training/fault-tolerance)
 */
export function checkpointOf(
  job: Pick<Job, 'model' | 'training' | 'stack' | 'cluster'>,
  { asynchronousCheckpoints }: Pick<Reliability, 'asynchronousCheckpoints'>,
  { bytesPerSecond }: Storage,
): Checkpoint {
  const { instance, count, devices } = job.cluster;
  const bytes = parameterCount(job.model) * bytesPerParameter(job);
  const seconds = bytes / Math.min(bytesPerSecond, count * instance.networkBytesPerSecond);
  const hostLink = instance.hostLinkBytesPerSecond ?? instance.measuredHostLinkBytesPerSecond;
  if (!asynchronousCheckpoints || hostLink === undefined) {
    return { bytes, stallSeconds: seconds, lagSeconds: 0, readSeconds: seconds };
  }
  const stallSeconds = bytes / devices / hostRates(job.cluster).toHost;
  return { bytes, stallSeconds, lagSeconds: seconds, readSeconds: seconds };
}
