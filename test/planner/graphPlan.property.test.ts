import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ForetrainError } from '../../src/errors.ts';
import { readJob } from '../../src/job/readJob.ts';
import { plan } from '../../src/planner/index.ts';
import { simulate } from '../../src/simulate.ts';

/** More with `FORETRAIN_RUNS=1000`, say. */
const numRuns = Number(process.env.FORETRAIN_RUNS ?? 40);
const timeout = 600_000;

/** Operators of a few milliseconds and up to some gigabytes, each of which reads some of those before it. */
const anyGraph = fc
  .array(
    fc.record({
      flops: fc.integer({ min: 1, max: 400 }).map((value) => value * 1e10),
      bytes: fc.integer({ min: 1, max: 100 }).map((value) => value * 1e6),
      parameters: fc.integer({ min: 0, max: 400 }).map((value) => value * 1e6),
      reads: fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 2 }),
    }),
    { minLength: 2, maxLength: 7 },
  )
  .map((operators) => ({
    nodes: operators.map(({ flops, bytes, parameters }, at) => ({
      key: `operator ${at}`,
      attributes: {
        ...{ forwardFlops: flops, backwardFlops: 2 * flops, readBytes: bytes, writeBytes: bytes },
        ...{ savedBytes: bytes, parameters },
      },
    })),
    edges: operators.flatMap(({ bytes, reads }, at) =>
      at === 0
        ? []
        : [...new Set(reads.map((read) => read % at))].map((from) => ({
            ...{ source: `operator ${from}`, target: `operator ${at}`, attributes: { bytes } },
          })),
    ),
  }));

const some = <T>(...values: readonly T[]) => fc.subarray([...values], { minLength: 1 });

const anyRequest = fc.record({
  model: anyGraph.map((graph) => ({ name: 'any shape', family: 'graph', graph })),
  cluster: fc.constantFrom(1, 2).map((count) => ({ instance: 'p4d.24xlarge', count })),
  stack: fc.constantFrom('megatron-core', 'megatron-2023', 'fsdp2'),
  training: fc.record({
    sequenceLength: fc.constant(512),
    globalBatchSize: fc.constantFrom(16, 24),
    precision: fc.constant('bf16'),
  }),
  search: fc.record({
    pipeline: some(1, 2, 4),
    microBatchSize: some(1, 2),
    virtualStages: some(1, 2),
    schedule: some('1f1b', 'interleaved', 'gpipe'),
    zeroStage: some(0, 1, 2),
    offload: fc.constant([{}]),
    placement: fc.constant(['PDT']),
  }),
});

type Request = typeof anyRequest extends fc.Arbitrary<infer T> ? T : never;

/** Step times of everything that the door lets in and that fits, the shortest first. */
function triedOut({ model, cluster, stack, training, search }: Request): readonly number[] {
  const found: number[] = [];
  const listed = Object.entries(search) as readonly [string, readonly unknown[]][];
  const ways = listed.reduce<readonly Readonly<Record<string, unknown>>[]>(
    (all, [field, values]) => all.flatMap((one) => values.map((value) => ({ ...one, [field]: value }))),
    [{}],
  );
  for (const way of ways) {
    const data = (cluster.count * 8) / Number(way.pipeline);
    if (data === 1 && way.zeroStage !== search.zeroStage[0]) continue;
    for (let shardingDegree = 1; shardingDegree <= data; shardingDegree++) {
      if (way.zeroStage === 0 ? shardingDegree !== data : data % shardingDegree !== 0) continue;
      // Where a stack shards among all replicas alone, the planner does too.
      if (stack === 'megatron-2023' && shardingDegree !== data) continue;
      const report = reportOf({ model, cluster, stack, training, parallelism: { ...way, data, shardingDegree } });
      if (report?.fits === true) found.push(report.stepTimeSeconds);
    }
  }
  return found.sort((a, b) => a - b);
}

function reportOf(job: object) {
  try {
    return simulate(readJob(job), { evidence: false });
  } catch (error) {
    if (error instanceof ForetrainError) return undefined;
    throw error;
  }
}

describe('a plan for a model given as a graph', () => {
  it(
    'is what trying everything finds',
    async () => {
      let planned = 0;
      await fc.assert(
        fc.asyncProperty(anyRequest, async (request) => {
          const best = triedOut(request).slice(0, 3);
          const answer = await plan(request, { top: 3 }).catch((error: unknown) => {
            if (error instanceof ForetrainError) return undefined;
            throw error;
          });
          expect((answer?.plans ?? []).map(({ report }) => report.stepTimeSeconds)).toEqual(best);
          if (answer === undefined) return;
          planned += 1;
          expect(answer.proved).toBe(true);
          const { job, report } = answer.plans[0]!;
          expect(job.parallelism).toMatchObject({ tensor: 1, context: 1, recompute: 'none', partitioner: 'exact' });
          expect(JSON.stringify(simulate(readJob(job)))).toBe(JSON.stringify(report));
        }),
        { numRuns },
      );
      expect(planned).toBeGreaterThan(numRuns / 8);
    },
    timeout,
  );
});
