import { ForetrainError } from '../../src/errors.ts';
import { readJob } from '../../src/job/readJob.ts';
import { readPlanRequest } from '../../src/planner/index.ts';
import { runModel, runOf } from '../../src/planner/run/run.ts';
import { simulate } from '../../src/simulate.ts';
import type { Report } from '../../src/step/report.ts';
import type { SmallRequest } from './smallRequest.ts';

/** Everything that one number of instances can run with one batch and sequence length, by trying whatever the door lets in. */
export interface BruteCell {
  readonly count: number;
  readonly globalBatchSize: number;
  readonly sequenceLength: number;
  readonly considered: number;
  /** What fits, the shortest step first. */
  readonly fitting: readonly Measures[];
}

/** What plans are compared by; days and dollars where the request says how long the run is. */
export interface Measures {
  readonly devices: number;
  readonly secondsPerToken: number;
  readonly stepTimeSeconds: number;
  readonly expectedDays?: number;
  readonly usd?: number | undefined;
}

const devicesOfInstance = 8;

/** The space of a small request without any of the planner's search, cell by cell. */
export function bruteForce(request: SmallRequest): readonly BruteCell[] {
  const [{ instance, counts }] = request.clusters as [SmallRequest['clusters'][number]];
  return counts.flatMap((count) =>
    listOf(request.training.globalBatchSize).flatMap((globalBatchSize) =>
      listOf(request.training.sequenceLength).map((sequenceLength) =>
        bruteCell({ ...request, training: { ...request.training, globalBatchSize, sequenceLength } }, instance, count),
      ),
    ),
  );
}

const listOf = (value: number | readonly number[]): readonly number[] => (typeof value === 'number' ? [value] : value);

interface OneSize extends SmallRequest {
  readonly training: SmallRequest['training'] & { readonly globalBatchSize: number; readonly sequenceLength: number };
}

/**
 * Every combination of the listed values is offered to the door, and what it lets in is simulated. The rules of `any`
 * that remain: no value twice where it has no effect.
 */
function bruteCell(request: OneSize, instance: unknown, count: number): BruteCell {
  const { globalBatchSize, sequenceLength } = request.training;
  const found: Report[] = [];
  const devices = count * devicesOfInstance;
  const seen = new Set<string>();
  for (const parallelism of combinations(request.search)) {
    const { tensor, pipeline } = parallelism as { tensor: number; pipeline: number };
    const data = devices / (tensor * pipeline);
    const zero = Number(parallelism.zeroStage);
    for (let shardingDegree = 1; shardingDegree <= data; shardingDegree++) {
      const isShared =
        request.stack === 'megatron-core' && zero > 0 ? data % shardingDegree === 0 : shardingDegree === data;
      if (!isShared) continue;
      // One replica has nothing to share.
      if (data === 1 && zero !== request.search.zeroStage?.[0]) continue;
      // Sequence parallelism has no effect at tensor 1.
      const sequenceParallel = tensor > 1 && parallelism.sequenceParallel === true;
      const partitioner = Number(parallelism.virtualStages) === 1 ? 'exact' : 'uniform';
      const whole = { ...parallelism, data, shardingDegree, sequenceParallel, partitioner };
      const key = JSON.stringify(whole);
      const job = { ...request, cluster: { instance, count }, parallelism: whole };
      const report = seen.has(key) ? undefined : reportOf(job);
      seen.add(key);
      if (report !== undefined) found.push(report);
    }
  }
  const margin = request.constraints?.memoryMarginFraction ?? 0;
  const fitting = found.filter(({ fits, memory }) => fits && memory.peakBytes <= memory.capacityBytes * (1 - margin));
  const runOfStep = runsOf(request, instance, count);
  return {
    ...{ count, globalBatchSize, sequenceLength, considered: found.length },
    fitting: fitting
      .map(({ stepTimeSeconds }) => stepTimeSeconds)
      .sort((a, b) => a - b)
      .map((stepTimeSeconds) => ({
        ...{ devices, stepTimeSeconds, secondsPerToken: stepTimeSeconds / (globalBatchSize * sequenceLength) },
        ...runOfStep(stepTimeSeconds),
      })),
  };
}

/** Days and dollars of the run by its step time: these have tests of their own. */
function runsOf(request: OneSize, instance: unknown, count: number) {
  const read = readPlanRequest({ ...request, clusters: [{ instance, counts: [count] }], search: {} });
  const model = runModel(read.cells[0]!.base, read);
  return (stepTimeSeconds: number) => {
    if (model === undefined) return {};
    const run = runOf(model, { stepTimeSeconds, breakdownSeconds: {} });
    if ('field' in run) throw new Error(run.sentence);
    return { expectedDays: run.expectedDays, usd: run.usd };
  };
}

/** Those of which no other is as good in time, dollars and devices; of those that are equal the first. */
export function unbeaten<T extends Measures>(all: readonly T[]): readonly T[] {
  const time = (one: T) => one.expectedDays ?? one.secondsPerToken;
  const isAsGood = (one: T, other: T) =>
    time(one) <= time(other) &&
    one.devices <= other.devices &&
    (one.usd === undefined || other.usd === undefined || one.usd <= other.usd);
  return all.filter(
    (one, at) => !all.some((other, place) => isAsGood(other, one) && (!isAsGood(one, other) || place < at)),
  );
}

function reportOf({
  model,
  cluster,
  stack,
  training,
  parallelism,
}: Readonly<Record<string, unknown>>): Report | undefined {
  try {
    return simulate(readJob({ model, cluster, stack, training, parallelism }), { evidence: false });
  } catch (error) {
    if (error instanceof ForetrainError) return undefined;
    throw error;
  }
}

function combinations(search: SmallRequest['search']): readonly Readonly<Record<string, unknown>>[] {
  return Object.entries(search).reduce<readonly Readonly<Record<string, unknown>>[]>(
    (found, [field, values]) => found.flatMap((one) => values.map((value) => ({ ...one, [field]: value }))),
    [{}],
  );
}
