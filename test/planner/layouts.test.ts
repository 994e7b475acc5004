import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { simulate } from '../../src/simulate.ts';
import { measuredSeconds, parseRows } from '../../src/validate/index.ts';

const file = new URL('../../validation/llama-layouts.jsonl', import.meta.url);
const rows = parseRows(readFileSync(file, 'utf8'), 'llama-layouts.jsonl').filter(
  (row) => measuredSeconds(row) !== undefined && row.measured.doubtful === undefined,
);

/** How much slower than the best a pick may have been measured to be. */
const most = 1.03;

/** Sheets of arXiv 2311.05610: one model, batch and number of GPUs each, run in many layouts. */
const experiments = [...new Set(rows.map(({ source }) => source))];

describe('picking the layout that is forecast to be fastest', () => {
  it.each(experiments)('is within 3%% of the best one measured: %s', (experiment) => {
    const measured = rows.filter(({ source }) => source === experiment);
    const forecasts = measured.map((row) => ({
      seconds: measuredSeconds(row)!.middle,
      forecast: simulate(readJob(row.job), { evidence: false }).stepTimeSeconds,
    }));
    const pick = forecasts.reduce((a, b) => (b.forecast < a.forecast ? b : a));
    const best = Math.min(...forecasts.map(({ seconds }) => seconds));
    expect(pick.seconds).toBeLessThanOrEqual(most * best);
  });
});
