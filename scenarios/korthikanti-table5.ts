/**
 * Table 5 of arXiv 2205.05198: iteration times of four GPTs on A100s, with full recomputation and with selective
 * recomputation plus sequence parallelism. Published beside predicted, with one set of constants for all eight rows.
 */
import { readFileSync } from 'node:fs';
import { readJob, simulate } from '../src/index.ts';
import { renderTable } from '../src/report/index.ts';
import { formatDecimal } from '../src/units.ts';

interface Row {
  readonly job: { readonly name: string; readonly parallelism: { readonly recompute: string } };
  readonly measured: { readonly stepTimeSeconds: number };
}

const file = new URL('../validation/korthikanti.jsonl', import.meta.url);
const rows: Row[] = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

const errors: number[] = [];
const lines = rows.map(({ job, measured }) => {
  const report = simulate(readJob(job));
  const error = report.stepTimeSeconds / measured.stepTimeSeconds - 1;
  errors.push(Math.abs(error));
  return [
    job.name,
    job.parallelism.recompute,
    formatDecimal(measured.stepTimeSeconds, 2),
    formatDecimal(report.stepTimeSeconds, 2),
    `${error < 0 ? '-' : '+'}${formatDecimal(100 * Math.abs(error), 1)}%`,
    `${formatDecimal(100 * report.mfu, 1)}%`,
  ];
});

process.stdout.write(
  renderTable(
    [
      { head: 'run' },
      { head: 'recompute' },
      { head: 'published s', align: 'right' },
      { head: 'predicted s', align: 'right' },
      { head: 'error', align: 'right' },
      { head: 'MFU', align: 'right' },
    ],
    lines,
  ),
);
const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
process.stdout.write(
  `\nmean error ${formatDecimal(100 * mean, 1)}%, worst ${formatDecimal(100 * Math.max(...errors), 1)}%\n`,
);
