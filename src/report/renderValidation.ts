import { formatBytes, formatCount, formatPercent, formatSeconds, formatSignedPercent } from '../units.ts';
import type { FitsGroup, Interval, RowScore, ScoredSet, SetScore } from '../validate/index.ts';
import { besidesPassesText } from './besidesPasses.ts';
import { plainStyle, type Style } from './style.ts';
import { renderTable } from './table.ts';
import { renderFacts, wrap } from './wrap.ts';

/** Rows shown of each set: all of a set that has no more, otherwise those that are furthest off. */
export interface ValidationDetail {
  readonly mostRows?: number;
}

/** Scored sets for people: for each set its scores and its rows, then all sets side by side. */
export function renderValidation(
  sets: readonly ScoredSet[],
  detail: ValidationDetail = {},
  style: Style = plainStyle,
): string {
  const mostRows = detail.mostRows ?? Number.POSITIVE_INFINITY;
  const sections = sets.map((set) => renderSet(set, mostRows, style));
  if (sets.length > 1)
    sections.push(
      renderSummary(
        sets.map((set) => set.score),
        style,
      ),
    );
  return sections.join('\n');
}

function renderSet({ score, rows }: ScoredSet, mostRows: number, style: Style): string {
  const head = `${style.paint.bold(score.set)} (${tallyText(score)})\n`;
  return [
    head,
    renderFacts(scoreFacts(score), style),
    renderRows(rows, mostRows, style),
    renderRefusals(rows, style),
  ].join('');
}

function tallyText(score: SetScore): string {
  const parts = [`${formatCount(score.rows)} rows`, `${formatCount(score.scored)} with a time to score`];
  if (score.notModelled > 0) parts.push(`${formatCount(score.notModelled)} refused`);
  if (score.doubtful > 0) parts.push(`${formatCount(score.doubtful)} doubtful, not scored`);
  return parts.join(', ');
}

function scoreFacts(score: SetScore): readonly (readonly [string, string])[] {
  const facts: [string, string][] = [];
  if (score.mape !== undefined) {
    const { median, worst, worstId, bias, answeredMape } = score;
    const parts = [`median ${percent(median)}`, `worst ${percent(worst)} (${worstId})`];
    if (bias !== undefined) parts.push(`bias ${formatSignedPercent(bias)}`);
    if (score.answered < score.scored) {
      parts.unshift(
        answeredMape === undefined ? 'no row answered' : `${formatPercent(answeredMape)} on the ${answeredText(score)}`,
      );
    }
    facts.push(['mean error', `${formatPercent(score.mape)}; ${parts.join(', ')}`]);
  }
  if (score.constantMape !== undefined) {
    const on = score.answered < score.scored ? `, on the ${answeredText(score)}` : '';
    facts.push([
      'one constant',
      `${formatPercent(score.constantMape)}: the best that a single MFU can do here (${percent(score.constantMfu)})${on}`,
    ]);
  }
  if (score.outOfMemoryCalledSafe !== undefined || score.ranCalledTooBig !== undefined) {
    const parts = [`${percent(score.fitsAccuracy)} right`];
    if (score.outOfMemoryCalledSafe !== undefined) {
      parts.push(`${percent(score.outOfMemoryCalledSafe)} of what ran out of memory called safe`);
    }
    if (score.ranCalledTooBig !== undefined) parts.push(`${percent(score.ranCalledTooBig)} of what ran called too big`);
    facts.push(['fits', parts.join(', ')]);
  }
  facts.push(...fitsFacts(score));
  if (score.memoryMape !== undefined) facts.push(['memory', `mean error ${formatPercent(score.memoryMape)}`]);
  for (const { source, rows, spearman } of score.experiments) {
    facts.push(['order', `${spearman.toFixed(3)} rank correlation of ${rows} rows: ${source}`]);
  }
  return facts;
}

/** Calls of `fits` by kernel and degree, and the constant of the allocator behind them. */
function fitsFacts({ fitsBy = [], allocator }: SetScore): [string, string][] {
  const by = (kind: FitsGroup['by']) =>
    fitsBy
      .filter((group) => group.by === kind)
      .map(({ value, rows, accuracy }) => `${value} ${formatPercent(accuracy)} of ${formatCount(rows)}`)
      .join(', ');
  const facts: [string, string][] = [
    ['  by kernel', by('attention')],
    ['  by tensor', by('tensor')],
  ];
  if (allocator !== undefined) {
    facts.push(['  allocator', `${formatPercent(allocator.fragmentation)} on ${allocator.stack}; ${allocator.source}`]);
  }
  return facts.filter(([, text]) => text !== '');
}

const answeredText = ({ answered }: SetScore) => (answered === 1 ? 'one row answered' : `${answered} rows answered`);

const percent = (value: number | undefined) => (value === undefined ? '' : formatPercent(value));

function renderRows(rows: readonly RowScore[], mostRows: number, style: Style): string {
  const measured = rows.filter((row) => row.time !== undefined || row.memory !== undefined || isWrongCall(row));
  const shown = chooseRows(measured, mostRows);
  const table = renderTable(
    [
      { head: 'row', narrow: 'shorten' },
      { head: 'predicted', align: 'right' },
      { head: 'measured', align: 'right' },
      { head: 'error', align: 'right' },
      { head: 'memory', align: 'right' },
      { head: 'measured', align: 'right' },
      { head: 'error', align: 'right' },
      { head: 'where to look', narrow: 'wrap' },
    ],
    shown.map((row) => rowTexts(row, style)),
    style,
  );
  const rest =
    measured.length <= mostRows || shown.length === 0
      ? ''
      : `  the ${mostRows} furthest off of those answered; --json lists all\n`;
  return table + style.paint.dim(rest);
}

/** All rows in their order, or the worst of them and every doubtful one. */
function chooseRows(rows: readonly RowScore[], mostRows: number): readonly RowScore[] {
  if (rows.length <= mostRows) return rows;
  const distance = (row: RowScore) => Math.abs(row.time?.error ?? row.memory?.error ?? 0);
  const answered = rows.filter((row) => row.refusal === undefined);
  const trusted = answered.filter((row) => row.doubtful === undefined);
  const doubtful = answered.filter((row) => row.doubtful !== undefined);
  return [...trusted.toSorted((a, b) => distance(b) - distance(a)).slice(0, mostRows), ...doubtful];
}

function rowTexts(row: RowScore, style: Style): readonly string[] {
  const { time, memory } = row;
  const size = Math.abs(time?.error ?? 0);
  const colour = size > 0.2 ? style.paint.red : size > 0.1 ? style.paint.yellow : String;
  const predicted = time?.predictedSeconds;
  return [
    row.id,
    predicted === undefined ? '' : formatSeconds(predicted),
    time === undefined ? '' : measuredText(time.measured),
    time === undefined || predicted === undefined ? '' : colour(formatSignedPercent(time.error)),
    memory?.predictedBytes === undefined ? '' : formatBytes(memory.predictedBytes),
    memory === undefined ? '' : formatBytes(memory.measuredBytes),
    memory?.predictedBytes === undefined ? '' : formatSignedPercent(memory.error),
    whereToLook(row),
  ];
}

function measuredText({ low, high }: Interval): string {
  const [least, most] = [formatSeconds(low), formatSeconds(high)];
  return least === most ? least : `${least} – ${most}`;
}

function isWrongCall({ fits }: RowScore): boolean {
  return fits?.predicted !== undefined && fits.predicted !== fits.measured;
}

/** A verdict on the row, and what takes its time besides the passes. Where the row itself is doubted, that says enough. */
function whereToLook(row: RowScore): string {
  const parts = row.time?.breakdownSeconds;
  const doubted = row.doubtful !== undefined;
  return [noteText(row), parts === undefined || doubted ? '' : besidesPassesText(parts)]
    .filter((text) => text !== '')
    .join('; ');
}

function noteText(row: RowScore): string {
  if (row.refusal !== undefined)
    return row.refusal.experts ? 'refused: experts, not scored' : 'refused: scored as 100% off';
  if (row.doubtful !== undefined) return `not scored: ${row.doubtful}`;
  if (!isWrongCall(row)) return '';
  return row.fits?.measured === true ? 'called too big, ran' : 'called safe, ran out of memory';
}

/** Reasons beyond these are rare and alike. */
const MOST_REASONS = 6;

/** Why rows were refused, and how many rows each reason took; a row may have several. */
function renderRefusals(rows: readonly RowScore[], style: Style): string {
  const counts = new Map<string, number>();
  for (const { path, message } of rows.flatMap((row) => row.refusal?.faults ?? [])) {
    const reason = `${path}: ${message}`;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const reasons = [...counts].sort(([, a], [, b]) => b - a);
  const lines = reasons
    .slice(0, MOST_REASONS)
    .map(([reason, count]) => wrap(`  refused ${count} × ${reason}`, style.width, '    '));
  const more = reasons.length - MOST_REASONS;
  if (more > 0) lines.push(`  and ${more} more ${more === 1 ? 'reason' : 'reasons'}; --json lists all\n`);
  return lines.join('');
}

function renderSummary(scores: readonly SetScore[], style: Style): string {
  const someRefused = scores.some((score) => score.answered < score.scored);
  const right = 'right' as const;
  const table = renderTable(
    [
      { head: 'set' },
      { head: 'rows', align: right },
      { head: 'scored', align: right },
      { head: 'refused', align: right },
      { head: 'error', align: right },
      { head: 'answered', align: right },
      { head: 'constant', align: right },
      { head: 'worst', align: right },
      { head: 'bias', align: right },
      { head: 'fits', align: right },
      { head: 'unsafe', align: right },
      { head: 'memory', align: right },
      { head: 'order', align: right },
    ],
    scores.map((score) => [
      score.set,
      formatCount(score.rows),
      formatCount(score.scored),
      score.notModelled === 0 ? '' : formatCount(score.notModelled),
      percent(score.mape),
      someRefused ? percent(score.answeredMape) : '',
      percent(score.constantMape),
      percent(score.worst),
      score.bias === undefined ? '' : formatSignedPercent(score.bias),
      percent(score.fitsAccuracy),
      percent(score.outOfMemoryCalledSafe),
      percent(score.memoryMape),
      score.spearman?.toFixed(2) ?? '',
    ]),
    style,
  );
  const legend = [
    'error: mean |predicted − measured| ÷ measured of the step time, refused rows as 100% off',
    ...(someRefused ? ['answered: the same without refused rows'] : []),
    'constant: the best single MFU on the rows answered',
    'unsafe: share of what ran out of memory that was called safe',
    'order: mean rank correlation within experiments',
    'where to look: what takes most of the forecast besides forward, backward and recomputation',
  ].join('; ');
  return `${style.paint.bold('All sets')}\n${table}${style.paint.dim(wrap(`  ${legend}.`, style.width, '  '))}`;
}
