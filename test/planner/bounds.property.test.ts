import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { boundsOf } from '../../src/planner/bounds/bounds.ts';
import { evaluateOne, readPlanRequest } from '../../src/planner/index.ts';
import { type Candidate, jobOf, writtenJob } from '../../src/planner/space/candidate.ts';
import { candidates, spaceOf } from '../../src/planner/space/space.ts';
import { simulate } from '../../src/simulate.ts';
import { someCandidates, type WrittenRequest } from './make.ts';

/** More with `FORETRAIN_RUNS=2000`, say. */
const numRuns = Number(process.env.FORETRAIN_RUNS ?? 60);
const jobsOfRun = 5;

vi.setConfig({ testTimeout: 600_000 + numRuns * 1_000 });

const cellOf = (request: WrittenRequest) => readPlanRequest(request).cells[0]!;

describe('bounds', () => {
  it('are never above what a simulation says, and exclude nothing that fits', () => {
    fc.assert(
      fc.property(someCandidates(jobsOfRun), ({ request, chosen }) => {
        const cell = cellOf(request);
        for (const candidate of chosen) {
          const { passSeconds, tailSeconds, of } = boundsOf(cell, candidate, 0);
          const bound = of(candidate, true);
          const { stepTimeSeconds, fits } = evaluateOne(cell.base, candidate);
          // Cuts that do not fit may be quicker than all that do.
          if (!bound.mayFit) expect(fits).toBe(false);
          else if (fits) expect(bound.stepTimeSeconds).toBeLessThanOrEqual(stepTimeSeconds);
          expect(passSeconds(candidate) + tailSeconds(candidate.state)).toBeLessThanOrEqual(stepTimeSeconds);
        }
      }),
      { numRuns },
    );
  });

  it('stay below it once they have seen the passes of a neighbour', () => {
    fc.assert(
      fc.property(someCandidates(1), ({ request, chosen: [candidate] }) => {
        const cell = cellOf(request);
        const bounds = boundsOf(cell, candidate!, 0);
        const passes = bounds.passesOf(candidate!);
        const others = ([0, 1, 2, 3] as const).flatMap((zeroStage) =>
          [1, candidate!.family.data].map(
            (shardingDegree): Candidate => ({
              ...candidate!,
              state: { ...candidate!.state, zeroStage, shardingDegree, offload: undefined },
            }),
          ),
        );
        bounds.learn(candidate!, evaluateOne(cell.base, candidate!).passes);
        for (const other of others) {
          if (passes === undefined || bounds.passesOf(other) !== passes) continue;
          const bound = bounds.of(other);
          const { stepTimeSeconds, fits } = evaluateOne(cell.base, other);
          if (!bound.mayFit) expect(fits).toBe(false);
          else expect(bound.stepTimeSeconds).toBeLessThanOrEqual(stepTimeSeconds);
        }
      }),
      { numRuns: Math.ceil(numRuns / 3) },
    );
  });

  it.each(['zb-h1', 'zb-h2', 'zb-v', 'v-half', 'v-min'])('stay below it where steps of %s overlap', (schedule) => {
    const { cells, search } = readPlanRequest({
      model: 'llama2-13b',
      clusters: [{ instance: 'p5.48xlarge', counts: [4] }],
      stack: 'megatron-core',
      training: { sequenceLength: 2048, globalBatchSize: 96, precision: 'bf16', tokens: 1e9 },
      search: {
        ...{ schedule: [schedule], recompute: ['none'], microBatchSize: [1], placement: ['PDT'], offload: [{}] },
        ...{ partitioner: ['uniform'], zeroStage: [0, 1], tensor: [1, 2], pipeline: [2, 4] },
      },
    });
    const [cell] = cells;
    const found = [...candidates(spaceOf(cell!, search))].filter(({ family }) => family.data > 1);
    const evaluations = found.map((candidate) => evaluateOne(cell!.base, candidate));
    const alike = (a: Candidate, b: Candidate) => a.family === b.family && a.pipeline === b.pipeline;
    let told = 0;
    found.forEach((seen, at) => {
      const bounds = boundsOf(cell!, seen, 0);
      bounds.learn(seen, evaluations[at]!.passes);
      found.forEach((other, index) => {
        if (!alike(seen, other)) return;
        const { mayFit, stepTimeSeconds } = bounds.of(other);
        if (mayFit) expect(stepTimeSeconds).toBeLessThanOrEqual(evaluations[index]!.stepTimeSeconds);
        told += 1;
      });
    });
    expect(told).toBeGreaterThan(found.length);
  });
});

describe('a candidate', () => {
  it('is the very job that the door makes of it as it is written', () => {
    fc.assert(
      fc.property(someCandidates(1), ({ request, chosen: [candidate] }) => {
        const cell = cellOf(request);
        const read = readJob(writtenJob(cell, candidate!));
        expect(jobOf(cell, candidate!)).toEqual(read);
        const { stepTimeSeconds, fits, memory } = simulate(read, { evidence: false });
        const evaluation = evaluateOne(cell.base, candidate!);
        expect(evaluation).toMatchObject({ stepTimeSeconds, fits, peakBytes: memory.peakBytes });
      }),
      { numRuns: Math.ceil(numRuns / 3) },
    );
  });
});
