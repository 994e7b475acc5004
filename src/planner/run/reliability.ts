import type { RequestInput } from '../request/schema.ts';

/** How often nodes fail and what each failure costs. */
export interface Reliability {
  /** Of the days on which the run does not wait for people. */
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
 * detection: the ten minutes below which MegaScale's failures are found and diagnosed on average (arXiv 2402.15627
 * section 6.3), after which PyTorch gives up a collective that hangs (kProcessGroupNCCLDefaultTimeout); restart: a third
 * of the fifteen minutes within which MegaScale is where it was before (the same), steps done again included, as nobody
 * has published the restart alone
 */
export const defaultReliability: Reliability = {
  failuresPerNodeDay: 419 / (2_048 * 54),
  detectionSeconds: 600,
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

/** From a failure until the run goes on where nobody has to come, seconds. */
export function downSeconds({ detectionSeconds, restartSeconds }: Reliability, readSeconds: number): number {
  return detectionSeconds + restartSeconds + readSeconds;
}
