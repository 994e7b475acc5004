import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ForetrainError } from '../../src/errors.ts';
import { parseJob } from '../../src/job/parseJob.ts';
import {
  calibratedBase,
  type Evaluate,
  evaluateOne,
  type PlanAnswer,
  plan,
  readPlanRequest,
} from '../../src/planner/index.ts';
import { simulate } from '../../src/simulate.ts';
import { type BruteCell, bruteForce, type Measures, unbeaten } from './bruteForce.ts';
import { type SmallRequest, smallRequest } from './smallRequest.ts';

/** More with `FORETRAIN_RUNS=3000`, say. */
const asked = Number(process.env.FORETRAIN_RUNS ?? 0);
const numRuns = asked || 12;
/** The one that all others lean on. */
const numRunsOfBruteForce = asked || 40;
const timeout = 120_000 + asked * 1_000;

const top = 3;

/** The answer, or undefined where there is no plan. */
async function planned(request: SmallRequest, raise?: number, evaluate?: Evaluate): Promise<PlanAnswer | undefined> {
  try {
    return await plan(request, {
      top,
      ...(raise === undefined ? {} : { raise }),
      ...(evaluate === undefined ? {} : { evaluate }),
    });
  } catch (error) {
    if (error instanceof ForetrainError) return undefined;
    throw error;
  }
}

describe('plan', () => {
  it(
    'finds what trying everything finds: the winners, the frontier and the size of the space',
    async () => {
      await fc.assert(
        fc.asyncProperty(smallRequest, async (request) => {
          const cells = bruteForce(request);
          const answer = await planned(request);
          const best = winners(request, cells);
          if (answer === undefined) {
            expect(best).toEqual([]);
            return;
          }
          expect(answer.proved).toBe(true);
          expect(answer.considered).toBe(cells.reduce((sum, { considered }) => sum + considered, 0));
          expect(valuesOf(request, answer)).toEqual(best);

          const fastest = cells.flatMap(({ fitting: [first], ...size }) =>
            first === undefined ? [] : [{ ...size, ...first }],
          );
          expect(answer.scaling.map(pointOf).sort()).toEqual(fastest.map(pointOf).sort());
          const inOrder = fastest.toSorted((a, b) => a.devices - b.devices);
          expect(answer.frontier.map(pointOf)).toEqual(unbeaten(inOrder).map(pointOf));
        }),
        { numRuns: numRunsOfBruteForce },
      );
    },
    timeout,
  );

  it(
    'misses winners where a bound is raised too high: the test above would notice',
    async () => {
      let missed = 0;
      await fc.assert(
        fc.asyncProperty(smallRequest, async (request) => {
          const answer = await planned(request, 3);
          const values = answer === undefined ? [] : valuesOf(request, answer);
          if (JSON.stringify(values) !== JSON.stringify(winners(request, bruteForce(request)))) missed += 1;
        }),
        { numRuns, seed: 1 },
      );
      expect(missed).toBeGreaterThan(0);
    },
    timeout,
  );

  it(
    'gives jobs whose reports come out again byte for byte',
    async () => {
      await fc.assert(
        fc.asyncProperty(smallRequest, async (request) => {
          for (const { job, report } of (await planned(request))?.plans ?? []) {
            expect(JSON.stringify(simulate(parseJob(JSON.stringify(job))))).toBe(JSON.stringify(report));
          }
        }),
        { numRuns },
      );
    },
    timeout,
  );

  it(
    'answers the same however the simulations are spread',
    async () => {
      await fc.assert(
        fc.asyncProperty(smallRequest, fc.integer({ min: 1, max: 5 }), async (request, threads) => {
          const alone = await planned(request);
          const spread = await planned(request, undefined, spreadOver(request, threads));
          expect(withoutSeconds(spread)).toEqual(withoutSeconds(alone));
        }),
        { numRuns },
      );
    },
    timeout,
  );
});

/** What the best are worth by the objective of a request. */
function winners(request: SmallRequest, cells: readonly BruteCell[]): readonly (number | undefined)[] {
  return cells
    .flatMap(({ fitting }) => fitting.slice(0, top))
    .map((one) => worth(request, one))
    .sort((a, b) => a! - b!)
    .slice(0, top);
}

function worth({ objective }: SmallRequest, one: Omit<Measures, 'devices' | 'stepTimeSeconds'>): number | undefined {
  if (objective === undefined) return one.secondsPerToken;
  return objective === 'usd' ? one.usd : one.expectedDays;
}

/** The same of the plans of an answer. */
function valuesOf(request: SmallRequest, { plans }: PlanAnswer): readonly (number | undefined)[] {
  return plans.map(({ job, report, run }) => {
    const { globalBatchSize, sequenceLength } = job.training as { globalBatchSize: number; sequenceLength: number };
    const secondsPerToken = report.stepTimeSeconds / (globalBatchSize * sequenceLength);
    return worth(request, { ...run, secondsPerToken });
  });
}

type Point = Pick<BruteCell, 'count' | 'globalBatchSize' | 'sequenceLength'> & { readonly stepTimeSeconds: number };

function pointOf({ count, globalBatchSize, sequenceLength, stepTimeSeconds }: Point): string {
  return `${count} instances, batch ${globalBatchSize}, sequence ${sequenceLength}: ${stepTimeSeconds} s`;
}

/** Shares of a batch that are done at different times, the last one first. */
function spreadOver(request: SmallRequest, threads: number): Evaluate {
  const { cells } = readPlanRequest(request);
  return async (cell, candidates) => {
    const share = Math.ceil(candidates.length / threads);
    const parts = Array.from({ length: threads }, async (_, at) => {
      await new Promise((resolve) => setTimeout(resolve, threads - at));
      const base = calibratedBase(cells[cell]!.base, undefined);
      return structuredClone(candidates.slice(at * share, (at + 1) * share)).map((one) =>
        structuredClone(evaluateOne(base, one)),
      );
    });
    return (await Promise.all(parts)).flat();
  };
}

function withoutSeconds(answer: PlanAnswer | undefined) {
  return answer === undefined ? undefined : { ...answer, seconds: 0 };
}
