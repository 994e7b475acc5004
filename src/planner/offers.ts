import type { Report } from '../step/report.ts';
import type { Cell } from './request/cell.ts';
import type { PlanRequest } from './request/request.ts';
import { type NoRun, type Run, runModel, runOf, type StepForecast } from './run/run.ts';
import type { CellResult, Found } from './search/searchCell.ts';

/** A configuration, and what it is measured by. */
export interface Measured {
  readonly cell: Cell;
  readonly found: Found;
  /** Comparable where steps are of different sizes. */
  readonly secondsPerToken: number;
  /** Days that the run is expected to take, and dollars, where the request says enough. */
  readonly expectedDays?: number;
  readonly usd?: number;
}

/** One that meets the constraints. */
export interface Offer extends Measured {
  readonly tokens?: number;
  /** The run with what its report knows; undefined where the request does not say how long it is. */
  readonly run?: (report: Report) => Run;
}

/** One that meets them not. */
export interface Refused extends Measured {
  readonly sentence: string;
  /** Where there is no run at all, the field of the request that would have to change. */
  readonly field?: NoRun['field'];
}

/** Every configuration found, the best by the request's objective first, and those that its constraints keep out. */
export function offersOf(request: PlanRequest, results: readonly CellResult[]) {
  const offers: Offer[] = [];
  const refused: Refused[] = [];
  for (const { cell, best } of results) {
    for (const found of best) {
      const offer = offerOf(request, cell, found);
      if ('sentence' in offer) refused.push(offer);
      else offers.push(offer);
    }
  }
  const value = valueBy(request);
  // The sort is stable: what is equal stays in the order of cells and of step times.
  offers.sort((a, b) => value(a) - value(b) || a.secondsPerToken - b.secondsPerToken);
  return { offers, refused };
}

function offerOf(request: PlanRequest, cell: Cell, found: Found): Offer | Refused {
  const { globalBatchSize, sequenceLength } = cell.base.training;
  const step = { cell, found, secondsPerToken: found.stepTimeSeconds / (globalBatchSize * sequenceLength) };
  const model = runModel(cell.base, request);
  if (model === undefined) return step;
  const forecast: StepForecast = { stepTimeSeconds: found.stepTimeSeconds, breakdownSeconds: {} };
  const run = runOf(model, forecast);
  if ('field' in run) return { ...step, field: run.field, sentence: `${cell.title}: ${run.sentence}` };
  const { expectedDays, usd } = run;
  const { maximumDays, maximumUsd } = request.constraints;
  const measured = { ...step, expectedDays, ...(usd === undefined ? {} : { usd }) };
  if (maximumDays !== undefined && expectedDays > maximumDays) {
    const days = expectedDays.toFixed(1);
    return { ...measured, sentence: `${cell.title}: the run takes ${days} days, more than ${maximumDays}` };
  }
  if (maximumUsd !== undefined && usd !== undefined && usd > maximumUsd) {
    const dollars = Math.ceil(usd).toLocaleString('en-US');
    return {
      ...measured,
      sentence: `${cell.title}: the run costs $${dollars}, more than $${maximumUsd.toLocaleString('en-US')}`,
    };
  }
  const whole = (report: Report): Run => {
    const told = runOf(model, report);
    if ('field' in told) throw new Error(told.sentence);
    return told;
  };
  return { ...measured, tokens: model.tokens, run: whole };
}

function valueBy({ objective }: PlanRequest): (offer: Offer) => number {
  const { POSITIVE_INFINITY: none } = Number;
  switch (objective) {
    case 'stepTime':
      return ({ found }) => found.stepTimeSeconds;
    case 'tokensPerSecond':
      return ({ secondsPerToken }) => secondsPerToken;
    case 'timeToTrain':
      return ({ expectedDays }) => expectedDays ?? none;
    case 'usd':
      return ({ usd }) => usd ?? none;
    case 'usdPerToken':
      return ({ usd, tokens }) => (usd === undefined || tokens === undefined ? none : usd / tokens);
  }
}
