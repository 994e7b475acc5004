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
import { bruteForce } from './bruteForce.ts';
import { type SmallRequest, smallRequest } from './smallRequest.ts';

/** More with `FORETRAIN_RUNS=1000`, say. */
const numRuns = Number(process.env.FORETRAIN_RUNS ?? 12);
const timeout = 600_000;

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
          const best = cells.flatMap(({ stepTimes }) => stepTimes.slice(0, top)).sort((a, b) => a - b);
          if (answer === undefined) {
            expect(best).toEqual([]);
            return;
          }
          expect(answer.proved).toBe(true);
          expect(answer.considered).toBe(cells.reduce((sum, { considered }) => sum + considered, 0));
          expect(answer.plans.map(({ report }) => report.stepTimeSeconds)).toEqual(best.slice(0, top));
          // More instances cost as much a second each and no dollar is known: time and devices decide.
          const fastest = cells.flatMap(({ count, stepTimes }) =>
            stepTimes[0] === undefined ? [] : [{ count, seconds: stepTimes[0] }],
          );
          const frontier = fastest.filter(
            (one) => !fastest.some((other) => other.count < one.count && other.seconds <= one.seconds),
          );
          expect(answer.frontier.map(({ count }) => count)).toEqual(
            frontier.map(({ count }) => count).sort((a, b) => a - b),
          );
        }),
        { numRuns },
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
          const best = bruteForce(request)
            .flatMap(({ stepTimes }) => stepTimes.slice(0, top))
            .sort((a, b) => a - b);
          const times = (answer?.plans ?? []).map(({ report }) => report.stepTimeSeconds);
          if (JSON.stringify(times) !== JSON.stringify(best.slice(0, top))) missed += 1;
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
