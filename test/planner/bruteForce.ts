import { ForetrainError } from '../../src/errors.ts';
import { readJob } from '../../src/job/readJob.ts';
import { simulate } from '../../src/simulate.ts';
import type { Report } from '../../src/step/report.ts';
import type { SmallRequest } from './smallRequest.ts';

/** Everything that one number of instances can run, by trying whatever the door lets in. */
export interface BruteCell {
  readonly count: number;
  readonly considered: number;
  /** Of what fits. */
  readonly stepTimes: readonly number[];
  readonly devices: number;
}

const devicesOfInstance = 8;

/**
 * The space of a small request without any of the planner: every combination of the listed values is offered to the door,
 * and what it lets in is simulated. The rules of `any` that remain: no value twice where it has no effect.
 */
export function bruteForce(request: SmallRequest): readonly BruteCell[] {
  const [{ instance, counts }] = request.clusters as [SmallRequest['clusters'][number]];
  return counts.map((count) => {
    const found: { readonly report: Report }[] = [];
    const devices = count * devicesOfInstance;
    const seen = new Set<string>();
    for (const parallelism of combinations(request.search)) {
      const { tensor, pipeline } = parallelism as { tensor: number; pipeline: number };
      const data = devices / (tensor * pipeline);
      const zero = Number(parallelism.zeroStage);
      for (let shardingDegree = 1; shardingDegree <= data; shardingDegree++) {
        if (zero === 0 ? shardingDegree !== data : data % shardingDegree !== 0) continue;
        // One replica has nothing to share.
        if (data === 1 && zero !== request.search.zeroStage?.[0]) continue;
        // Sequence parallelism has no effect at tensor 1.
        const sequenceParallel = tensor > 1 && parallelism.sequenceParallel === true;
        for (const partitioner of [Number(parallelism.virtualStages) === 1 ? 'exact' : 'uniform']) {
          const whole = { ...parallelism, data, shardingDegree, sequenceParallel, partitioner };
          const key = JSON.stringify(whole);
          const job = { ...request, cluster: { instance, count }, parallelism: whole };
          const report = seen.has(key) ? undefined : reportOf(job);
          seen.add(key);
          if (report !== undefined) found.push({ report });
        }
      }
    }
    const margin = request.constraints?.memoryMarginFraction ?? 0;
    const fitting = found.filter(
      ({ report }) => report.fits && report.memory.peakBytes <= report.memory.capacityBytes * (1 - margin),
    );
    return {
      count,
      devices,
      considered: found.length,
      stepTimes: fitting.map(({ report }) => report.stepTimeSeconds).sort((a, b) => a - b),
    };
  });
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
