import type { Explanation, FrontierPoint, Plan, PlanAnswer } from '../planner/index.ts';
import {
  formatBytes,
  formatCount,
  formatDecimal,
  formatLargeCount,
  formatPercent,
  formatSeconds,
  formatSignedPercent,
  formatUsd,
} from '../units.ts';
import { plainStyle, type Style } from './style.ts';
import { renderTable } from './table.ts';
import { wrap } from './wrap.ts';

/** The best plans, what each takes and costs, the frontier over instances and counts, and why the first is first. */
export function renderPlan(answer: PlanAnswer, style: Style = plainStyle): string {
  const { plans, frontier, explanation, warnings } = answer;
  const [best] = plans;
  return [
    `${headOf(answer, style)}${renderPlans(plans, style)}`,
    best?.run === undefined ? '' : renderRun(best, style),
    frontier.length > 1 ? renderFrontier(frontier, style) : '',
    explanation === undefined ? '' : renderExplanation(explanation, style),
    warnings.map((warning) => wrap(warning, style.width, '  ')).join(''),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function headOf({ plans, considered, simulated, proved, seconds }: PlanAnswer, style: Style): string {
  const [best] = plans;
  const counted = `${formatLargeCount(considered)} configurations, ${formatCount(simulated)} simulated in ${formatSeconds(seconds)}`;
  const said = proved ? 'the best is proved' : 'interrupted: the best so far';
  const head = best === undefined ? 'No plan yet' : best.report.name;
  return `${wrap(`${style.paint.bold(head)}: ${said} (${counted})`, style.width, '  ')}\n`;
}

const right = 'right' as const;

function renderPlans(plans: readonly Plan[], style: Style): string {
  return renderTable(
    [
      { head: '#', align: right },
      { head: 'instances' },
      { head: 't·p·c·d' },
      { head: 'batch' },
      { head: 'schedule' },
      { head: 'recompute' },
      { head: 'ZeRO' },
      { head: 'step', align: right },
      { head: 'MFU', align: right },
      { head: 'memory', align: right },
      { head: 'days', align: right },
      { head: 'cost', align: right },
    ],
    plans.map((plan) => rowOf(plan)),
    style,
  );
}

function rowOf({ rank, job, report, run }: Plan): string[] {
  const { tensor, pipeline, context, data, microBatchSize, virtualStages, schedule, recompute } = job.parallelism;
  const { zeroStage, shardingDegree, sequenceParallel } = job.parallelism;
  const instance = typeof job.cluster.instance === 'string' ? job.cluster.instance : 'instances';
  const chunks = virtualStages > 1 ? ` x${virtualStages}` : '';
  const again =
    typeof recompute === 'string' ? recompute : `${recompute.mode} ${recompute.layers ?? recompute.every ?? ''}`.trim();
  return [
    `${rank}`,
    `${formatCount(job.cluster.count)} ${instance}`,
    `${tensor}${sequenceParallel ? 's' : ''}·${pipeline}·${context}·${data}`,
    `${microBatchSize}`,
    `${schedule}${chunks}`,
    again,
    zeroStage === 0 ? '0' : `${zeroStage}/${shardingDegree}`,
    formatSeconds(report.stepTimeSeconds),
    formatPercent(report.mfu),
    formatBytes(report.memory.peakBytes),
    run === undefined ? '' : formatDecimal(run.expectedDays, 1),
    run?.usd === undefined ? '' : formatUsd(run.usd),
  ];
}

function renderRun({ run, report }: Plan, style: Style): string {
  if (run === undefined) return '';
  const [low, high] = run.expectedDaysRange;
  const lines = [
    `The best plan takes ${formatDecimal(run.expectedDays, 1)} days (${formatDecimal(low, 1)} to ${formatDecimal(high, 1)} nine times in ten), with ${formatPercent(run.goodput)} of the time in steps that are kept.`,
    run.checkpointIntervalSeconds === undefined
      ? ''
      : `Checkpoints of ${formatBytes(run.checkpointBytes)} every ${formatSeconds(run.checkpointIntervalSeconds)} of work waste least.`,
    run.usd === undefined
      ? `Book ${formatCount(run.bookedInstances)} instances for ${formatDecimal(run.bookedDays, 1)} days; no price is known.`
      : `Book ${formatCount(run.bookedInstances)} instances for ${formatDecimal(run.bookedDays, 1)} days: ${formatUsd(run.usd)} at prices of ${run.priceDate ?? 'the job'}.`,
    `What takes longest: ${run.bottleneck}.`,
    report.bubbleFraction > 0 ? `The pipeline is idle for ${formatPercent(report.bubbleFraction)} of a step.` : '',
  ];
  return lines
    .filter((line) => line !== '')
    .map((line) => wrap(line, style.width, '  '))
    .join('');
}

function renderFrontier(points: readonly FrontierPoint[], style: Style): string {
  const table = renderTable(
    [
      { head: 'instances' },
      { head: 'devices', align: right },
      { head: 'step', align: right },
      { head: 'tokens/s', align: right },
      { head: 'efficiency', align: right },
      { head: 'days', align: right },
      { head: 'cost', align: right },
    ],
    points.map((point) => [
      `${formatCount(point.count)} ${point.instance}`,
      formatCount(point.devices),
      formatSeconds(point.stepTimeSeconds),
      formatCount(point.tokensPerSecond),
      formatPercent(point.scalingEfficiency),
      point.expectedDays === undefined ? '' : formatDecimal(point.expectedDays, 1),
      point.usd === undefined ? '' : formatUsd(point.usd),
    ]),
    style,
  );
  return `${style.paint.bold('Nothing is better in days, dollars and devices at once')}\n${table}`;
}

function renderExplanation({ alternatives, binds, sensitivity }: Explanation, style: Style): string {
  const loss = (value: number) => (value >= 0 ? `${formatPercent(value)} slower` : `${formatPercent(-value)} faster`);
  const neighbours = renderTable(
    [{ head: 'instead' }, { head: 'step', align: right }, { head: 'fits' }],
    alternatives.map(({ change, fits, loss: lost, overBytes }) => [
      change,
      loss(lost),
      fits ? 'yes' : `no, ${formatBytes(overBytes)} too much`,
    ]),
    style,
  );
  const helps = sensitivity.map(({ of, change }) => `${words[of]} ${formatSignedPercent(change)}`).join(', ');
  return [
    `${style.paint.bold('Why not its neighbours')}\n${neighbours}`,
    `${style.paint.bold('What binds')}\n${binds.map((sentence) => wrap(`  ${sentence}`, style.width, '    ')).join('')}`,
    wrap(`A tenth better, or a tenth dearer, changes a step or the cost: ${helps}.`, style.width, '  '),
  ].join('\n');
}

const words = {
  network: 'network bandwidth',
  networkLatency: 'network latency',
  links: 'bandwidth inside an instance',
  linkLatency: 'latency inside an instance',
  matmul: 'matrix products',
  memoryBandwidth: 'memory bandwidth',
  memory: 'memory',
  hostTime: 'host speed',
  price: 'price',
} as const;
