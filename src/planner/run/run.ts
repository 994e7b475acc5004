import type { Job } from '../../job/job.ts';
import { formatBytes } from '../../units.ts';
import type { Constraints } from '../request/request.ts';
import { type Booking, bookingFor, type Purchase } from './booking.ts';
import { type Checkpoint, checkpointOf } from './checkpoint.ts';
import { bestInterval, deviationSeconds, type FailingRun, goodputAt } from './goodput.ts';
import { downSeconds, failureRate, type Reliability } from './reliability.ts';
import { defaultStorage, type Storage } from './storage.ts';

/** A whole run with its failures, as it is booked and paid. */
export interface Run extends Booking {
  readonly expectedDays: number;
  /** Nine runs in ten end within it, as failures fall and as far as forecasts of the step are known to be off. */
  readonly expectedDaysRange: readonly [number, number];
  /** Part of the time in which steps are done that are kept. */
  readonly goodput: number;
  /** Work between checkpoints; left out where nothing fails. */
  readonly checkpointIntervalSeconds?: number;
  readonly checkpointBytes: number;
  readonly usdPerToken?: number;
  readonly energyKilowattHours?: number;
  /** What makes it take so long: the largest part of the step, or the storage, with what that costs. */
  readonly bottleneck: string;
}

/** What a request says of runs. */
export interface RunTerms {
  readonly reliability: Reliability;
  readonly purchase: Purchase;
  readonly storage: Storage | undefined;
  readonly bytesPerToken: number;
  readonly constraints: Constraints;
}

type JobWithoutParallelism = Omit<Job, 'parallelism'>;

const secondsPerDay = 86_400;

/** Standard deviations on either side that hold nine in ten of a normal distribution. */
const ninetyPercent = 1.645;

/** How a run of this job on these instances fails and saves, whatever its parallelism. */
export interface RunModel {
  readonly job: JobWithoutParallelism;
  readonly terms: RunTerms;
  readonly steps: number;
  readonly tokens: number;
  readonly failing: FailingRun;
  readonly interval: number;
  readonly checkpoint: Checkpoint;
  readonly goodput: number;
}

/** Undefined where the job does not say how long it is. */
export function runModel(job: JobWithoutParallelism, terms: RunTerms): RunModel | undefined {
  const { globalBatchSize, sequenceLength, tokens, steps } = job.training;
  const tokensPerStep = globalBatchSize * sequenceLength;
  const count = steps ?? (tokens === undefined ? undefined : Math.ceil(tokens / tokensPerStep));
  if (count === undefined) return undefined;
  const { reliability, storage = defaultStorage } = terms;
  const checkpoint = checkpointOf(job, reliability, storage);
  const nodes = job.cluster.count * (job.cluster.instance.hosts ?? 1);
  const failing = {
    rate: failureRate(reliability, nodes),
    downSeconds: downSeconds(reliability, checkpoint.readSeconds),
    stallSeconds: checkpoint.stallSeconds,
    lagSeconds: checkpoint.lagSeconds,
    manualFraction: reliability.manualRestartFraction,
    manualSeconds: reliability.manualRestartSeconds,
  };
  const interval = reliability.checkpointIntervalSeconds ?? bestInterval(failing);
  const goodput = Number.isFinite(interval) ? goodputAt(failing, interval) : 1;
  return { job, terms, steps: count, tokens: count * tokensPerStep, failing, interval, checkpoint, goodput };
}

/** How many times as long a step takes because storage does not give its data in time; 1 where it does. */
function starvation({ tokens, steps, terms }: RunModel, stepTimeSeconds: number): number {
  const { storage, bytesPerToken } = terms;
  if (storage === undefined) return 1;
  const needed = ((tokens / steps) * bytesPerToken) / stepTimeSeconds;
  return Math.max(1, needed / storage.bytesPerSecond);
}

/** Days that a run with this step time is expected to take: never less for a longer step. */
export function expectedDays(model: RunModel, stepTimeSeconds: number): number {
  const seconds = model.steps * stepTimeSeconds * starvation(model, stepTimeSeconds);
  return seconds / model.goodput / secondsPerDay;
}

/** A forecast, as far as a run looks at it. */
export interface StepForecast {
  readonly stepTimeSeconds: number;
  readonly stepTimeSecondsRange?: readonly [number, number];
  readonly breakdownSeconds: Readonly<Record<string, number>>;
}

/** Why there is no run, and the field of the request that would have to change. */
export interface NoRun {
  readonly field: 'reliability' | 'purchase';
  readonly sentence: string;
}

/** Less of the time in steps that are kept, and a run never comes to its end. */
const leastGoodput = 1e-3;

/** The run of a job whose step is forecast. */
export function runOf(model: RunModel, step: StepForecast): Run | NoRun {
  const { job, terms, failing, interval, checkpoint, goodput } = model;
  if (goodput < leastGoodput) return { field: 'reliability', sentence: 'failures come faster than the run gets on' };
  const days = expectedDays(model, step.stepTimeSeconds);
  const booking = bookingFor(job.cluster, terms.purchase, days);
  if (typeof booking === 'string') return { field: 'purchase', sentence: booking };
  const watts = job.cluster.instance.accelerator.powerWatts;
  return {
    expectedDays: days,
    expectedDaysRange: rangeOf(model, step, days),
    goodput,
    ...(Number.isFinite(interval) ? { checkpointIntervalSeconds: interval } : {}),
    checkpointBytes: checkpoint.bytes,
    ...booking,
    ...(booking.usd === undefined ? {} : { usdPerToken: booking.usd / model.tokens }),
    ...(watts === undefined ? {} : { energyKilowattHours: (watts * job.cluster.devices * days * 24) / 1000 }),
    bottleneck: bottleneckOf(model, step, failing),
  };
}

/** Failures and the step itself are off independently of one another. */
function rangeOf(model: RunModel, step: StepForecast, days: number): readonly [number, number] {
  const { failing, interval, goodput } = model;
  const deviation = Number.isFinite(interval)
    ? (ninetyPercent * deviationSeconds(failing, interval, days * secondsPerDay)) / secondsPerDay
    : 0;
  const [low, high] = step.stepTimeSecondsRange ?? [step.stepTimeSeconds, step.stepTimeSeconds];
  const below = Math.hypot(deviation, days * Math.max(0, 1 - low / step.stepTimeSeconds));
  const above = Math.hypot(deviation, days * Math.max(0, high / step.stepTimeSeconds - 1));
  // However lucky, a run takes its steps.
  const least = days * goodput * Math.min(1, low / step.stepTimeSeconds);
  return [Math.max(least, days - below), days + above];
}

/** The parts of a step in words. */
const words: Readonly<Record<string, string>> = {
  forward: 'compute',
  backward: 'compute',
  recompute: 'recomputation',
  tensorComm: 'tensor-parallel communication',
  pipelineComm: 'pipeline transfers',
  dataComm: 'data-parallel communication',
  contextComm: 'context-parallel communication',
  expertComm: 'expert-parallel communication',
  offload: 'copies to and from the host',
  optimizer: 'the optimizer',
  bubble: 'the pipeline bubble',
  other: 'the host',
};

function bottleneckOf(model: RunModel, step: StepForecast, failing: FailingRun): string {
  const starved = starvation(model, step.stepTimeSeconds);
  if (starved > 1) {
    const { storage, bytesPerToken } = model.terms;
    const needed = ((model.tokens / model.steps) * bytesPerToken) / step.stepTimeSeconds;
    const times = starved.toFixed(2);
    return `data loading: it needs ${formatBytes(needed)} a second and storage gives ${formatBytes(storage!.bytesPerSecond)}, so that the run takes ${times} times as long and costs ${times} times as much`;
  }
  const parts = new Map<string, number>();
  for (const [kind, seconds] of Object.entries(step.breakdownSeconds)) {
    const word = words[kind] ?? kind;
    parts.set(word, (parts.get(word) ?? 0) + seconds);
  }
  const lost = (1 - model.goodput) / model.goodput;
  if (failing.rate > 0) parts.set('failures and checkpoints', lost * step.stepTimeSeconds);
  const [most, next] = [...parts].sort((a, b) => b[1] - a[1]);
  const share = (seconds: number) => `${((100 * seconds) / step.stepTimeSeconds).toFixed(0)}% of a step`;
  if (most === undefined) return 'compute';
  return next === undefined || next[1] === 0
    ? `${most[0]} (${share(most[1])})`
    : `${most[0]} (${share(most[1])}), then ${next[0]} (${share(next[1])})`;
}
