import type { Report } from '../step/report.ts';
import type { Cell, PlanRequest } from './request/request.ts';
import { type Run, runModel, runOf, type StepForecast } from './run/run.ts';
import type { CellResult, Found } from './search/searchCell.ts';

/** A configuration that meets the constraints, and what it is measured by. */
export interface Offer {
  readonly cell: Cell;
  readonly found: Found;
  /** Days that the run is expected to take, and dollars, where the request says enough. */
  readonly expectedDays?: number;
  readonly usd?: number;
  readonly tokens?: number;
  /** The run with what its report knows; undefined where the request does not say how long it is. */
  readonly run?: (report: Report) => Run;
}

/** A configuration that meets them not. */
export interface Refused {
  readonly sentence: string;
  readonly expectedDays?: number;
  readonly usd?: number;
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
  offers.sort((a, b) => value(a) - value(b) || a.found.stepTimeSeconds - b.found.stepTimeSeconds);
  return { offers, refused };
}

function offerOf(request: PlanRequest, cell: Cell, found: Found): Offer | Refused {
  const model = runModel(cell.base, request);
  if (model === undefined) return { cell, found };
  const forecast: StepForecast = { stepTimeSeconds: found.stepTimeSeconds, breakdownSeconds: {} };
  const run = runOf(model, forecast);
  const who = `${cell.base.cluster.count} ${cell.base.cluster.instance.name}`;
  if (typeof run === 'string') return { sentence: `${who}: ${run}` };
  const { expectedDays, usd } = run;
  const { maximumDays, maximumUsd } = request.constraints;
  const measured = { expectedDays, ...(usd === undefined ? {} : { usd }) };
  if (maximumDays !== undefined && expectedDays > maximumDays) {
    return { ...measured, sentence: `${who}: the run takes ${expectedDays.toFixed(1)} days, more than ${maximumDays}` };
  }
  if (maximumUsd !== undefined && usd !== undefined && usd > maximumUsd) {
    const dollars = Math.ceil(usd).toLocaleString('en-US');
    return {
      ...measured,
      sentence: `${who}: the run costs $${dollars}, more than $${maximumUsd.toLocaleString('en-US')}`,
    };
  }
  const whole = (report: Report): Run => {
    const told = runOf(model, report);
    if (typeof told === 'string') throw new Error(told);
    return told;
  };
  return { cell, found, ...measured, tokens: model.tokens, run: whole };
}

function valueBy({ objective }: PlanRequest): (offer: Offer) => number {
  const { POSITIVE_INFINITY: none } = Number;
  switch (objective) {
    case 'stepTime':
      return ({ found }) => found.stepTimeSeconds;
    case 'timeToTrain':
      return ({ expectedDays }) => expectedDays ?? none;
    case 'usd':
      return ({ usd }) => usd ?? none;
    case 'usdPerToken':
      return ({ usd, tokens }) => (usd === undefined || tokens === undefined ? none : usd / tokens);
  }
}
