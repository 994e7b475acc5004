import type { RequestInput } from '../request/schema.ts';

/** How often nodes fail and what each failure costs. */
export interface Reliability {
  readonly failuresPerNodeDay: number;
  /** From the failure until somebody or something knows of it. */
  readonly detectionSeconds: number;
  /** Replacing the node and starting every process again, without reading the checkpoint. */
  readonly restartSeconds: number;
  /** Part of the failures that wait for a person, and how long. */
  readonly manualRestartFraction: number;
  readonly manualRestartSeconds: number;
  /** Work between checkpoints where the request fixes it; otherwise the best interval is worked out. */
  readonly checkpointIntervalSeconds?: number;
  /** Checkpoints are copied to the host and written while the run goes on. */
  readonly asynchronousCheckpoints: boolean;
}

/**
 * Where nobody says otherwise.
 * @source failures: 419 unexpected interruptions of 2,048 servers in 54 days (arXiv 2407.21783 section 3.3.4);
 * detection: half of the ten minutes after which PyTorch's NCCL watchdog gives up a collective (torch.distributed), as
 * crashes are seen at once and hangs are not; restart: catching up takes less than 15 minutes, reading the checkpoint
 * included (MegaScale, arXiv 2402.15627 section 6)
 */
export const defaultReliability: Reliability = {
  failuresPerNodeDay: 419 / (2_048 * 54),
  detectionSeconds: 300,
  restartSeconds: 300,
  manualRestartFraction: 0,
  manualRestartSeconds: 0,
  asynchronousCheckpoints: false,
};

/** What a request says of failures, with defaults for the rest. */
export function readReliability(input: NonNullable<RequestInput['reliability']>): Reliability {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  return { ...defaultReliability, ...given };
}

const secondsPerDay = 86_400;

/** Failures a second of so many nodes. */
export function failureRate({ failuresPerNodeDay }: Reliability, nodes: number): number {
  return (failuresPerNodeDay * nodes) / secondsPerDay;
}

/** From a failure until the run goes on, seconds. */
export function downSeconds(reliability: Reliability, readSeconds: number): number {
  const { detectionSeconds, restartSeconds, manualRestartFraction, manualRestartSeconds } = reliability;
  return detectionSeconds + restartSeconds + readSeconds + manualRestartFraction * manualRestartSeconds;
}
