import type { Explanation, FrontierPoint, Plan, PlanAnswer, Sensitivity } from '../planner/index.ts';
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

/** The best plans, what each takes and costs, how they change with instances and batches, and why the first is first. */
export function renderPlan(answer: PlanAnswer, style: Style = plainStyle): string {
  const { plans, explanation, warnings } = answer;
  const [best] = plans;
  return [
    `${headOf(answer, style)}${renderPlans(answer, style)}${renderBeside(plans, style)}`,
    best?.run === undefined ? '' : renderRun(best, style),
    answer.scaling.length > 1 ? renderScaling(answer, style) : '',
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

function renderPlans(answer: PlanAnswer, style: Style): string {
  const varied = variedIn(answer);
  return renderTable(
    [
      { head: '#', align: right },
      { head: 'instances' },
      { head: 'batch', align: right },
      { head: 'sequence', align: right },
      { head: 't·p·c·d' },
      { head: 'micro', align: right },
      { head: 'schedule' },
      { head: 'recompute' },
      { head: 'ZeRO' },
      { head: 'step', align: right },
      { head: 'MFU', align: right },
      { head: 'memory', align: right },
      { head: 'days', align: right },
      { head: 'cost', align: right },
    ],
    answer.plans.map((plan) => rowOf(plan, varied)),
    style,
  );
}

/** What the table has no column for: where plans are placed, if not all alike, and what lies in the memory of hosts. */
function renderBeside(plans: readonly Plan[], style: Style): string {
  const placed = ranksBy(plans, ({ job }) => job.parallelism.placement);
  const offloading = plans.filter(({ job }) => offloadedBy(job).length > 0);
  const onHost = ranksBy(offloading, ({ job }) => offloadedBy(job).join(' and '));
  const lines = [
    ...(placed.length > 1 ? [`Placement: ${placed.join(', ')}.`] : []),
    ...(onHost.length > 0 ? [`On the host: ${onHost.join(', ')}.`] : []),
  ];
  return lines.map((line) => wrap(line, style.width, '  ')).join('');
}

function offloadedBy({ parallelism: { offload = {} } }: Plan['job']): readonly string[] {
  return Object.entries(offload).flatMap(([name, share]) => (name === 'horizon' || !share ? [] : [name]));
}

/** Each word that plans have, with the plans that have it: "DPT (#2, #4)". */
function ranksBy(plans: readonly Plan[], word: (plan: Plan) => string): readonly string[] {
  const words = [...new Set(plans.map(word))];
  return words.map((one) => {
    const ranks = plans.filter((plan) => word(plan) === one).map(({ rank }) => `#${rank}`);
    return `${one} (${ranks.join(', ')})`;
  });
}

function rowOf({ rank, job, report, run }: Plan, varied: ReturnType<typeof variedIn>): string[] {
  const { microBatchSize, virtualStages, schedule, recompute, zeroStage, shardingDegree } = job.parallelism;
  const { globalBatchSize, sequenceLength } = job.training as Readonly<
    Record<'globalBatchSize' | 'sequenceLength', number>
  >;
  const instance = typeof job.cluster.instance === 'string' ? job.cluster.instance : 'instances';
  const chunks = virtualStages > 1 ? ` x${virtualStages}` : '';
  const again =
    typeof recompute === 'string' ? recompute : `${recompute.mode} ${recompute.layers ?? recompute.every ?? ''}`.trim();
  return [
    `${rank}`,
    `${formatCount(job.cluster.count)} ${instance}`,
    varied.batch ? formatCount(globalBatchSize) : '',
    varied.sequence ? formatCount(sequenceLength) : '',
    degreesOf(job),
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

/** Tensor, pipeline, context and data; an s where sequences are split among tensor ranks. */
function degreesOf({ parallelism }: Plan['job']): string {
  const { tensor, pipeline, context, data, sequenceParallel } = parallelism;
  return `${tensor}${sequenceParallel ? 's' : ''}·${pipeline}·${context}·${data}`;
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

/** Every kind and number of instances, batch and sequence with its best plan; those that nothing beats have a mark. */
function renderScaling(answer: PlanAnswer, style: Style): string {
  const { scaling, frontier } = answer;
  const unbeaten = new Set(frontier.map(placeOf));
  const varied = variedIn(answer);
  const table = renderTable(
    [
      { head: '' },
      { head: 'instances' },
      { head: 'batch', align: right },
      { head: 'sequence', align: right },
      { head: 't·p·c·d' },
      { head: 'step', align: right },
      { head: 'tokens/s', align: right },
      { head: 'efficiency', align: right },
      { head: 'days', align: right },
      { head: 'cost', align: right },
    ],
    scaling.map((point) => [
      unbeaten.has(placeOf(point)) ? '•' : ' ',
      `${formatCount(point.count)} ${point.instance}`,
      varied.batch ? formatCount(point.globalBatchSize) : '',
      varied.sequence ? formatCount(point.sequenceLength) : '',
      degreesOf(point.job),
      formatSeconds(point.stepTimeSeconds),
      formatCount(point.tokensPerSecond),
      formatPercent(point.scalingEfficiency),
      point.expectedDays === undefined ? '' : formatDecimal(point.expectedDays, 1),
      point.usd === undefined ? '' : formatUsd(point.usd),
    ]),
    style,
  );
  const measures = scaling.some(({ usd }) => usd !== undefined) ? 'time, dollars and devices' : 'time and devices';
  return [
    `${style.paint.bold('How the best plan changes')}\n${table}`,
    wrap(`  • Nothing is better in ${measures} at once.`, style.width, '  '),
  ].join('');
}

/** Whether points differ in batch and sequence length. */
function variedIn({ scaling }: PlanAnswer): { readonly batch: boolean; readonly sequence: boolean } {
  const varies = (of: (point: FrontierPoint) => number) => new Set(scaling.map(of)).size > 1;
  return { batch: varies((one) => one.globalBatchSize), sequence: varies((one) => one.sequenceLength) };
}

function placeOf({ job }: FrontierPoint): string {
  return JSON.stringify([job.cluster, job.training]);
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
  const isFelt = ({ change }: Sensitivity) => Math.abs(change) >= leastFelt;
  const felt = sensitivity.filter(isFelt).map(({ of, change }) => `${words[of]} ${formatSignedPercent(change)}`);
  const others = sensitivity.filter((one) => !isFelt(one)).map(({ of }) => words[of]);
  const helps = [felt.join(', '), others.length === 0 ? '' : `hardly anything: ${others.join(', ')}`];
  return [
    `${style.paint.bold('Why not its neighbours')}\n${neighbours}`,
    `${style.paint.bold('What binds')}\n${binds.map((sentence) => wrap(`  ${sentence}`, style.width, '    ')).join('')}`,
    wrap(
      `A tenth better, or a tenth dearer, changes a step or the cost: ${helps.filter((part) => part !== '').join('; ')}.`,
      style.width,
      '  ',
    ),
  ].join('\n');
}

/** Changes that a tenth of a percent shows. */
const leastFelt = 0.0005;

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
