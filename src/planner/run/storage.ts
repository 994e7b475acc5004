import type { FaultList } from '../../job/faults.ts';
import type { RequestInput, storageKinds } from '../request/schema.ts';

/** What gives training data and takes checkpoints. */
export interface Storage {
  readonly kind: (typeof storageKinds)[number];
  /** All of it together. */
  readonly bytesPerSecond: number;
}

/**
 * FSx for Lustre, PERSISTENT_2: of its tiers of 125 to 1,000 MB/s a TiB the third, on the largest file system that
 * HyperPod manages (100,800 GiB).
 * @source Amazon FSx for Lustre user guide, performance; SageMaker API reference, FSxLustreConfig
 */
const lustreBytesPerSecondOfTebibyte = 500e6;
const lustreTebibytes = 100_800 / 1024;

/** What a run has where nobody says otherwise. */
export const defaultStorage: Storage = {
  kind: 'fsx-lustre',
  bytesPerSecond: lustreBytesPerSecondOfTebibyte * lustreTebibytes,
};

/** The storage of a request: its rate, or the size of a Lustre file system, which sets its rate. */
export function storageOf(input: RequestInput['storage'], faults: FaultList): Storage | undefined {
  if (input === undefined) return undefined;
  const { kind = 'other', bytesPerSecond, tebibytes } = input;
  if (tebibytes !== undefined && kind !== 'fsx-lustre') {
    faults.add(
      'storage.tebibytes',
      `goes with kind fsx-lustre, whose rate follows its size, not with ${kind}; leave it out`,
    );
  }
  if (bytesPerSecond !== undefined) return { kind, bytesPerSecond };
  if (kind === 'fsx-lustre') {
    return { kind, bytesPerSecond: lustreBytesPerSecondOfTebibyte * (tebibytes ?? lustreTebibytes) };
  }
  if (faults.sound('storage')) {
    faults.add(
      'storage.bytesPerSecond',
      `is missing; write what ${kind} gives to all instances together, such as 20e9`,
    );
  }
  return undefined;
}
