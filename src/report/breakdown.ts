import { type BreakdownKind, breakdownKinds, type Report } from '../step/report.ts';
import { formatPercent, formatSeconds } from '../units.ts';
import { renderBar } from './bar.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';

const names: Readonly<Record<BreakdownKind, string>> = {
  forward: 'forward',
  backward: 'backward',
  recompute: 'recompute',
  tensorComm: 'tensor-parallel communication',
  pipelineComm: 'pipeline communication',
  dataComm: 'data-parallel communication',
  contextComm: 'context-parallel communication',
  expertComm: 'expert-parallel communication',
  offload: 'offload',
  optimizer: 'optimizer',
  bubble: 'bubble',
  other: 'host, between passes',
};

const BAR_WIDTH = 32;

/** Where the time of a step goes on the critical device, the largest part first; what takes no time is left out. */
export function renderBreakdown({ breakdownSeconds, stepTimeSeconds }: Report, style: Style): string {
  const parts = breakdownKinds
    .map((kind) => ({ kind, seconds: breakdownSeconds[kind] }))
    .filter(({ seconds }) => seconds > 0)
    .sort((a, b) => b.seconds - a.seconds);
  const most = parts[0]?.seconds ?? 1;
  const rows = parts.map(({ kind, seconds }) => [
    names[kind],
    formatSeconds(seconds),
    formatPercent(seconds / stepTimeSeconds),
    paintOf(kind, style)(renderBar(seconds / most, BAR_WIDTH)),
  ]);
  const table = renderTable(
    [{ head: '' }, { head: '', align: 'right' }, { head: '', align: 'right' }, { head: '' }],
    rows,
    style,
  );
  return `${style.paint.bold('Where the time goes')} (on the device that ends last)\n${table}`;
}

/** Work in one colour, waiting for data in another, and nothing at all in a third. */
function paintOf(kind: BreakdownKind, { paint }: Style): (text: string) => string {
  switch (kind) {
    case 'forward':
    case 'backward':
    case 'optimizer':
      return paint.green;
    case 'recompute':
      return paint.cyan;
    case 'tensorComm':
    case 'pipelineComm':
    case 'dataComm':
    case 'contextComm':
    case 'expertComm':
    case 'offload':
      return paint.yellow;
    case 'bubble':
    case 'other':
      return paint.red;
  }
}
