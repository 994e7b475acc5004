import { ForetrainError } from '../errors.ts';
import type { Calibration } from '../job/calibration.ts';
import { readJob } from '../job/readJob.ts';
import { simulate } from '../simulate.ts';
import type { Plan, PlanAnswer, ScalingPoint } from './answer.ts';
import { emptyFault, noRoomFault, overConstraintsFault } from './empty.ts';
import { explain } from './explain.ts';
import { frontierOf, scalingOf } from './frontier.ts';
import { type Offer, offersOf, type Refused } from './offers.ts';
import type { Cell } from './request/cell.ts';
import { type PlanRequest, readPlanRequest } from './request/request.ts';
import { calibratedBase, type Evaluate, evaluateOne } from './search/evaluate.ts';
import { type CellResult, type Progress, searchCell } from './search/searchCell.ts';
import { writtenJob } from './space/candidate.ts';
import { type Space, spaceOf } from './space/space.ts';

/** How a plan is looked for. */
export interface PlanOptions {
  /** Plans asked for; 5 where left out. */
  readonly top?: number;
  readonly calibration?: Calibration | undefined;
  /**
   * Makes what simulates candidates, given the request as it was written: a command line may spread them over threads.
   * By default this thread does it. The answer is the same.
   */
  readonly evaluate?: Evaluate | undefined;
  readonly onProgress?: ((progress: Progress & { readonly cells: number }) => void) | undefined;
  /** True where nobody wants to wait any longer: the answer is then the best so far. */
  readonly isStopped?: (() => boolean) | undefined;
  /** Multiplies every bound: only for tests, which must notice it. */
  readonly raise?: number;
}

const defaultTop = 5;

/**
 * The best ways to train a model, over instances, their numbers and everything about parallelism that the request leaves
 * open; proved where nothing cut the search short.
 * @param value a request as a person or a program wrote it
 * @throws {ForetrainError} with all faults of the request, or with what leaves no plan and the nearest that would
 */
export async function plan(value: unknown, options: PlanOptions = {}): Promise<PlanAnswer> {
  const began = performance.now();
  const { top = defaultTop, calibration, isStopped } = options;
  const request = readPlanRequest(value);
  const cells = request.cells.map((cell): Cell => ({ ...cell, base: calibratedBase(cell.base, calibration) }));
  const evaluate = options.evaluate ?? inThisThread(cells);
  const spaces = cells.map((cell) => spaceOf(cell, request.search));

  const results: CellResult[] = [];
  for (const space of spaces) {
    const result = await searchCell(space, {
      top,
      evaluate,
      memoryMarginFraction: request.constraints.memoryMarginFraction,
      isStopped,
      onProgress: (progress) => options.onProgress?.({ ...progress, cells: cells.length }),
      ...(options.raise === undefined ? {} : { raise: options.raise }),
    });
    results.push(result);
  }

  const { offers, refused } = offersOf(request, results);
  const plans = offers.slice(0, top).map((offer, at) => planOf(offer, at + 1, calibration));
  if (plans.length === 0 && isStopped?.() !== true) {
    throw new ForetrainError([await whyNone(request, spaces, results, refused, evaluate)]);
  }
  const best = offers[0];
  const scaling = scalingOf(offers, refused);
  const explanation = best && (await explain(spaces[best.cell.index]!, best, results[best.cell.index]!, request));
  return {
    considered: results.reduce((sum, { considered }) => sum + considered, 0),
    simulated: results.reduce((sum, { simulated }) => sum + simulated, 0),
    proved: results.length === cells.length && results.every(({ proved }) => proved),
    seconds: (performance.now() - began) / 1000,
    plans,
    frontier: frontierOf(offers),
    scaling,
    ...(explanation === undefined ? {} : { explanation }),
    warnings: leftOut(request, results, scaling),
  };
}

function inThisThread(cells: readonly Cell[]): Evaluate {
  return async (cell, candidates) => candidates.map((candidate) => evaluateOne(cells[cell]!.base, candidate));
}

function planOf({ cell, found, run }: Offer, rank: number, calibration: Calibration | undefined): Plan {
  const job = writtenJob(cell, found.candidate);
  const report = simulate(readJob(job), calibration === undefined ? {} : { calibration });
  const ranged = run?.(report);
  return { rank, job, report, ...(ranged === undefined ? {} : { run: ranged }) };
}

/** The fault that says what leaves no plan. */
function whyNone(
  request: PlanRequest,
  spaces: readonly Space[],
  results: readonly CellResult[],
  refused: readonly Refused[],
  evaluate: Evaluate,
) {
  if (results.every(({ considered }) => considered === 0)) return emptyFault(request, spaces);
  if (results.every(({ best }) => best.length === 0)) return noRoomFault(request, results, evaluate);
  return overConstraintsFault(request, refused);
}

/** What is missing from the answer: what a quota keeps out, what has no plan, and what the constraints say of its fastest. */
function leftOut(
  { left }: PlanRequest,
  results: readonly CellResult[],
  scaling: readonly ScalingPoint[],
): readonly string[] {
  const withoutPlan = results.flatMap(({ cell, considered, best, proved }) => {
    if (best.length > 0 || !proved) return [];
    const why =
      considered === 0 ? 'nothing that is allowed divides devices, model and batch' : 'nothing fits in memory';
    return [`${cell.title}: ${why}`];
  });
  const refused = scaling.flatMap(({ leftOut: sentence }) => sentence ?? []);
  return [...left, ...withoutPlan, ...refused].map((sentence) => `Left out: ${sentence}.`);
}
