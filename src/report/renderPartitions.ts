import type { Job } from '../job/job.ts';
import type { PartitionAnswer, PartitionRefusal } from '../planner/comparePartitioners.ts';
import { formatBytes, formatCount, formatMilliseconds, formatPercent, formatSeconds } from '../units.ts';
import { memoryBar, memoryLegend, mergeNeighbours, stageColumns, stageRow, stageTexts } from './stages.ts';
import { plainStyle, type Style } from './style.ts';
import { renderTable } from './table.ts';
import { wrap } from './wrap.ts';

const barWidth = 20;

/** Ways to cut a model, side by side against the bound, then the stages of each. */
export function renderPartitions(
  job: Job,
  answers: readonly PartitionAnswer[],
  refusals: readonly PartitionRefusal[] = [],
  style: Style = plainStyle,
): string {
  const { degrees, virtualStages, schedule } = job.parallelism;
  const chunks = virtualStages > 1 ? ` of ${formatCount(virtualStages)} chunks` : '';
  const stages = `${formatCount(degrees.pipeline)} ${degrees.pipeline === 1 ? 'stage' : 'stages'}${chunks}`;
  const { graph, layers } = job.model;
  const units = graph === undefined ? `${formatCount(layers)} layers` : `${formatCount(graph.nodes.length)} operators`;
  const head = `${style.paint.bold(job.name)}: ${units} in ${stages}, ${schedule}`;
  const notes = refusals.map(({ partitioner, reason }) => wrap(`  ${partitioner}: ${reason}`, style.width, '    '));
  return [
    `${wrap(head, style.width, '  ')}${renderComparison(answers, style)}${style.paint.dim(notes.join(''))}`,
    ...answers.map((answer) => renderAnswer(answer, style)),
  ].join('\n');
}

function renderComparison(answers: readonly PartitionAnswer[], style: Style): string {
  return renderTable(
    [
      { head: 'partitioner' },
      { head: 'busiest device', align: 'right' },
      { head: 'above bound', align: 'right' },
      { head: 'imbalance', align: 'right' },
      { head: 'sent', align: 'right' },
      { head: 'fullest device', align: 'right' },
      { head: 'fits' },
      { head: 'step time', align: 'right' },
    ],
    answers.map(({ report }) => {
      const { partition, memory } = report;
      const { bottleneckSeconds: busiest, lowerBoundSeconds: bound } = partition;
      return [
        partition.partitioner,
        `${formatMilliseconds(busiest)} ms`,
        bound > 0 ? formatPercent(Math.max(0, busiest / bound - 1)) : '',
        formatPercent(partition.imbalance),
        formatBytes(partition.stages.reduce((sum, stage) => sum + stage.sendBytes, 0)),
        formatBytes(memory.peakBytes),
        report.fits ? 'yes' : 'no',
        formatSeconds(report.stepTimeSeconds),
      ];
    }),
    style,
  );
}

function renderAnswer({ report, assignments }: PartitionAnswer, style: Style): string {
  const { partition, memory } = report;
  const scale = Math.max(memory.capacityBytes, memory.peakBytes);
  const texts = (row: ReturnType<typeof stageRow>) => [
    ...stageTexts(row),
    row.sendBytes > 0 ? formatBytes(row.sendBytes) : '',
  ];
  const rows = mergeNeighbours(
    memory.stages.map((stage) => stageRow(report, stage)),
    (row) => texts(row).slice(1).join(' '),
  );
  const table = renderTable(
    [...stageColumns(report), { head: 'sends', align: 'right' }, { head: `of ${formatBytes(memory.capacityBytes)}` }],
    rows.map((row) => [...texts(row), memoryBar(row.fullest, memory.capacityBytes, scale, barWidth, style)]),
    style,
  );
  const bound = `no cut has a busiest device below ${formatMilliseconds(partition.lowerBoundSeconds)} ms`;
  const title = `${style.paint.bold(partition.partitioner)} (${bound}; times of one microbatch on one rank)\n`;
  return `${title}${table}${style.paint.dim(`  ${memoryLegend}`)}\n${renderAssignments(assignments, style)}`;
}

/** What SageMaker's library prints of its own decision. */
function renderAssignments(assignments: PartitionAnswer['assignments'], style: Style): string {
  if (assignments === undefined) return '';
  const rows = assignments.map(({ module, device }) => [module, `${device}`]);
  const table = renderTable(
    [
      { head: 'module', narrow: 'shorten' },
      { head: 'partition', align: 'right' },
    ],
    rows,
    style,
  );
  return `${style.paint.bold('Partition assignments:')}\n${table}`;
}
