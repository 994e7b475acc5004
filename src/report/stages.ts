import type { Report, StageMemory } from '../step/report.ts';
import { formatBytes, formatLargeCount, formatMilliseconds, formatPercent } from '../units.ts';
import { renderStackedBar } from './bar.ts';
import { type Style, visibleWidth } from './style.ts';
import { type Column, renderTable } from './table.ts';

/** One line of the table: a stage, or neighbours that look alike. */
export interface StageRow {
  readonly first: number;
  readonly last: number;
  readonly chunks: number;
  /** Layers, or operators of a model that has none. */
  readonly units: number;
  readonly parameters: number;
  readonly forwardSeconds: number;
  readonly backwardSeconds: number;
  /** Bytes that its chunks send forward. */
  readonly sendBytes: number;
  /** Of the fullest and of the emptiest stage of the row. */
  readonly fullest: StageMemory;
  readonly emptiest: StageMemory;
}

/** More lines than this, and stages that differ only in memory share one. */
const MOST_LINES = 16;
const LEAST_BAR_WIDTH = 12;
const MOST_BAR_WIDTH = 32;

/** What stages are made of: layers, or operators where the model has none. */
function unitsOf({ partition }: Pick<Report, 'partition'>): 'layers' | 'operators' {
  return partition.stages.every(({ layers }) => layers === 0) ? 'operators' : 'layers';
}

/** The columns of {@link stageTexts}. */
export const stageColumns = (report: Pick<Report, 'partition'>): readonly Column[] => [
  { head: 'stage', align: 'right' },
  { head: 'chunks', align: 'right' },
  { head: unitsOf(report), align: 'right' },
  { head: 'parameters', align: 'right' },
  { head: 'forward ms', align: 'right' },
  { head: 'backward ms', align: 'right' },
  { head: 'memory', align: 'right' },
];

/** The stages of the pipeline: what each holds, what a microbatch costs on it, and how full its devices are. */
export function renderStages(report: Report, style: Style): string {
  const { capacityBytes } = report.memory;
  const scale = Math.max(capacityBytes, ...report.memory.stages.map((stage) => stage.peakBytes));
  const rows = groupStages(report);
  const texts = rows.map(stageTexts);
  const barHead = `of ${formatBytes(capacityBytes)}`;
  const columns = stageColumns(report);
  const used = renderTable(columns, texts, style)
    .split('\n')
    .map((line) => visibleWidth(line));
  const room = style.width - Math.max(...used) - 2 - '│ 100%'.length - 1;
  const barWidth = Math.max(LEAST_BAR_WIDTH, Math.min(MOST_BAR_WIDTH, room));
  const bars = rows.map((row) => memoryBar(row.fullest, capacityBytes, scale, barWidth, style));
  const shares = rows.map((row) => formatPercent(row.fullest.peakBytes / capacityBytes, 0));
  const table = renderTable(
    [...columns, { head: barHead }, { head: '', align: 'right' }],
    texts.map((cells, index) => [...cells, bars[index], shares[index]]),
    style,
  );
  return `${style.paint.bold('Stages')}${subtitle(report)}\n${table}${style.paint.dim(`  ${memoryLegend}`)}\n`;
}

export const memoryLegend = '█ parameters, gradients, optimizer  ▓ activations  ░ temporary, communication, framework';

function subtitle({ partition }: Report): string {
  const balance = partition.stages.length > 1 ? `, imbalance ${formatPercent(partition.imbalance)}` : '';
  return ` (${partition.partitioner} partition${balance}; times of one microbatch on one rank)`;
}

function groupStages(report: Report): readonly StageRow[] {
  const single = report.memory.stages.map((memory) => stageRow(report, memory));
  const identical = mergeNeighbours(single, (row) => stageTexts(row).slice(1).join(' '));
  if (identical.length <= MOST_LINES) return identical;
  return mergeNeighbours(identical, (row) => stageTexts(row).slice(1, -1).join(' '));
}

/** A pipeline rank of a report, its chunks summed. */
export function stageRow(report: Pick<Report, 'partition'>, memory: StageMemory): StageRow {
  const { partition } = report;
  const units = unitsOf(report);
  const chunks = partition.stages.filter((part) => part.stage === memory.stage);
  const sum = (value: (part: (typeof chunks)[number]) => number) =>
    chunks.reduce((total, part) => total + value(part), 0);
  return {
    first: memory.stage,
    last: memory.stage,
    chunks: chunks.length,
    units: sum((part) => part[units]),
    parameters: sum((part) => part.parameters),
    forwardSeconds: sum((part) => part.forwardSeconds),
    backwardSeconds: sum((part) => part.backwardSeconds),
    sendBytes: sum((part) => part.sendBytes),
    fullest: memory,
    emptiest: memory,
  };
}

/** Neighbours with the same key in one row. */
export function mergeNeighbours(rows: readonly StageRow[], key: (row: StageRow) => string): readonly StageRow[] {
  const merged: StageRow[] = [];
  for (const row of rows) {
    const before = merged.at(-1);
    if (before === undefined || key(before) !== key(row)) {
      merged.push(row);
      continue;
    }
    merged[merged.length - 1] = {
      ...before,
      last: row.last,
      fullest: row.fullest.peakBytes > before.fullest.peakBytes ? row.fullest : before.fullest,
      emptiest: row.emptiest.peakBytes < before.emptiest.peakBytes ? row.emptiest : before.emptiest,
    };
  }
  return merged;
}

/** Stage, chunks, layers or operators, parameters, times and memory of a row, as texts. */
export function stageTexts(row: StageRow): readonly string[] {
  return [
    row.first === row.last ? `${row.first}` : `${row.first}–${row.last}`,
    row.chunks > 1 ? `${row.chunks}` : '',
    `${row.units}`,
    formatLargeCount(row.parameters),
    formatMilliseconds(row.forwardSeconds),
    formatMilliseconds(row.backwardSeconds),
    memoryText(row),
  ];
}

function memoryText({ fullest, emptiest }: StageRow): string {
  const most = formatBytes(fullest.peakBytes);
  const least = formatBytes(emptiest.peakBytes);
  return most === least ? most : `${least} – ${most}`;
}

/** What a device holds, against its capacity. */
export function memoryBar(memory: StageMemory, capacity: number, scale: number, width: number, style: Style): string {
  const parts = [
    { size: memory.parametersBytes + memory.gradientsBytes + memory.optimizerBytes, glyph: '█' },
    { size: memory.activationsBytes, glyph: '▓' },
    { size: memory.temporaryBytes + memory.communicationBytes + memory.frameworkBytes, glyph: '░' },
  ];
  return renderStackedBar(parts, capacity, scale, width, style);
}
