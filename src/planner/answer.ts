import type { Report } from '../step/report.ts';
import type { Run } from './run/run.ts';
import type { WrittenJob } from './space/candidate.ts';

/** One plan: a job as it is written, what a step of it takes, and the run with its failures as it is booked. */
export interface Plan {
  readonly rank: number;
  readonly job: WrittenJob;
  /** Of the run without failures: the very report that a simulation of the job gives. */
  readonly report: Report;
  /** Left out where the request does not say how long the run is. */
  readonly run?: Run;
}

/** The best of one kind and number of instances, one batch and sequence length. */
export interface FrontierPoint {
  readonly instance: string;
  readonly count: number;
  readonly devices: number;
  readonly globalBatchSize: number;
  readonly sequenceLength: number;
  readonly stepTimeSeconds: number;
  readonly tokensPerSecond: number;
  /** Tokens a second and device over those of the smallest number of the same instances with the same batch and sequence. */
  readonly scalingEfficiency: number;
  readonly expectedDays?: number;
  readonly usd?: number;
  readonly job: WrittenJob;
}

/** The same, also where the constraints keep it out. */
export interface ScalingPoint extends FrontierPoint {
  /** Which constraint it does not meet, in a sentence. */
  readonly leftOut?: string;
}

/** A neighbour of the best plan, and what it loses. */
export interface Alternative {
  /** What differs, as `tensor 4 instead of 8`. */
  readonly change: string;
  readonly fits: boolean;
  /** Step time over the best plan's, less 1: 0.05 is five percent slower. */
  readonly loss: number;
  /** Bytes that the fullest device is over; 0 where it fits. */
  readonly overBytes: number;
}

/**
 * What it would change if something were a tenth better, the price a tenth higher: −0.03 is three percent less. Rates and
 * memory are then multiplied by 1.1, latencies and the host's time divided by it.
 */
export interface Sensitivity {
  readonly of:
    | 'network'
    | 'networkLatency'
    | 'links'
    | 'linkLatency'
    | 'matmul'
    | 'memoryBandwidth'
    | 'memory'
    | 'hostTime'
    | 'price';
  /** Of the step time, for `memory` of that of the best plan of the same degrees then, for `price` of the dollars. */
  readonly change: number;
}

/** Why the best plan is the best. */
export interface Explanation {
  readonly alternatives: readonly Alternative[];
  /** What keeps it from being faster, in sentences; the weightiest comes first. */
  readonly binds: readonly string[];
  readonly sensitivity: readonly Sensitivity[];
}

/** What `foretrain plan --json` prints. */
export interface PlanAnswer {
  /** Configurations of the space. */
  readonly considered: number;
  readonly simulated: number;
  /** True where every configuration was simulated or excluded by a bound that cannot be wrong. */
  readonly proved: boolean;
  readonly seconds: number;
  readonly plans: readonly Plan[];
  /** Points of which none is beaten in time, dollars and devices at once. */
  readonly frontier: readonly FrontierPoint[];
  /** How the best plan changes with the number of instances, the batch and the sequence length: every point that fits. */
  readonly scaling: readonly ScalingPoint[];
  readonly explanation?: Explanation;
  readonly warnings: readonly string[];
}
