import type { WayToFit } from '../advise/waysToFit.ts';
import type { Job } from '../job/job.ts';
import type { Report, TrainingReport } from '../step/report.ts';
import {
  formatBytes,
  formatCount,
  formatFlopsPerSecond,
  formatLargeCount,
  formatNumber,
  formatPercent,
  formatSeconds,
  formatSignedPercent,
  formatUsd,
} from '../units.ts';
import { renderBreakdown } from './breakdown.ts';
import { renderStages } from './stages.ts';
import { renderStrip, type Strip } from './strip.ts';
import { plainStyle, type Style } from './style.ts';
import { renderTable } from './table.ts';
import { renderFacts, wrap } from './wrap.ts';

/** What a report alone does not hold; each part adds to the text where it is there. */
export interface ReportDetail {
  /** Adds how the job was laid out. */
  readonly job?: Job;
  /** Adds the pipeline strip; times in seconds. */
  readonly timeline?: Strip;
  /** Adds what would make a job fit that does not. */
  readonly ways?: readonly WayToFit[];
}

/** A report for people: does it fit, how long is a step, what holds what, where the time goes, days and dollars. */
export function renderReport(report: Report, detail: ReportDetail = {}, style: Style = plainStyle): string {
  const sections = [
    renderHead(report, detail.job, style),
    renderStages(report, style) + renderPeak(report, style),
    renderBreakdown(report, style),
    detail.timeline === undefined || detail.timeline.plan.stages < 2
      ? ''
      : renderPipeline(report, detail.timeline, style),
    report.training === undefined ? '' : renderTraining(report.training, style),
    renderNearest(report, style),
    detail.ways === undefined || report.fits ? '' : renderWays(detail.ways, style),
    report.warnings.map((warning) => wrap(`${style.paint.yellow('Warning:')} ${warning}`, style.width, '  ')).join(''),
  ];
  return sections.filter((section) => section !== '').join('\n');
}

/** When the fullest stage is fullest, and the largest things alive then. */
function renderPeak({ memory, stepTimeSeconds }: Report, style: Style): string {
  const fullest = memory.stages.reduce((a, b) => (b.peakBytes > a.peakBytes ? b : a));
  const things = fullest.largest.map(({ name, bytes }) => `${name} ${formatBytes(bytes)}`).join(', ');
  const when = `${formatSeconds(fullest.peakAtSeconds)} into the step of ${formatSeconds(stepTimeSeconds)}`;
  return style.paint.dim(wrap(`  Stage ${fullest.stage} is fullest ${when}: ${things}.`, style.width, '  '));
}

/** What would make the job fit, each simulated. */
function renderWays(ways: readonly WayToFit[], style: Style): string {
  if (ways.length === 0) {
    return wrap(
      'No single change of recomputation, sharding, batch, degrees or offloading makes it fit, nor do two.',
      style.width,
    );
  }
  const rows = ways.map(({ change, stepTimeSeconds, peakBytes }) => [
    change,
    formatSeconds(stepTimeSeconds),
    formatBytes(peakBytes),
  ]);
  const columns = [
    { head: 'would fit with' },
    { head: 'step time', align: 'right' as const },
    { head: 'peak', align: 'right' as const },
  ];
  return renderTable(columns, rows, style);
}

function renderHead(report: Report, job: Job | undefined, style: Style): string {
  const range = report.stepTimeSecondsRange;
  const facts: [string, string][] = [
    ['step time', `${formatSeconds(report.stepTimeSeconds)}${range === undefined ? '' : rangeText(range)}`],
    [
      'throughput',
      `${formatNumber(report.samplesPerSecond)} samples/s, ${formatLargeCount(report.tokensPerSecond)} tokens/s`,
    ],
    [
      'efficiency',
      `MFU ${formatPercent(report.mfu)}, HFU ${formatPercent(report.hfu)} ` +
        `(${formatFlopsPerSecond(report.modelFlopsPerSecondPerDevice)} a device); bubble ${formatPercent(report.bubbleFraction)}`,
    ],
    ['parameters', parametersText(report)],
    ...(job === undefined ? [] : layoutFacts(job)),
  ];
  return `${style.paint.bold(report.name)}\n${wrap(fitsText(report, style), style.width)}${renderFacts(facts, style)}`;
}

const rangeText = ([low, high]: readonly [number, number]) => ` (90%: ${formatSeconds(low)} to ${formatSeconds(high)})`;

function fitsText({ fits, memory }: Report, { paint }: Style): string {
  const { capacityBytes, stages } = memory;
  const fullest = stages.reduce((a, b) => (b.peakBytes > a.peakBytes ? b : a));
  const need = formatBytes(fullest.peakBytes);
  const usable = formatBytes(capacityBytes);
  const which = stages.length === 1 ? 'each device' : `stage ${fullest.stage}, the fullest,`;
  if (fits) return `${paint.green('Fits:')} ${which} needs ${need} of ${usable} usable.`;
  const over = stages.filter((stage) => stage.peakBytes > capacityBytes).length;
  const count = stages.length === 1 ? '' : ` ${over} of ${stages.length} stages ${over === 1 ? 'is' : 'are'} over.`;
  const excess = formatBytes(Math.max(0, fullest.peakBytes - capacityBytes));
  return `${paint.red('Does not fit:')} ${which} needs ${need}, ${excess} more than the ${usable} usable.${count}`;
}

function parametersText({ parameters, paddedParameters }: Report): string {
  const padded =
    parameters === paddedParameters ? '' : ` (${formatCount(paddedParameters)} with the vocabulary padded)`;
  return `${formatCount(parameters)}${padded}`;
}

function layoutFacts({ cluster, stack, training, parallelism }: Job): [string, string][] {
  const { degrees, microBatchSize, microbatches, virtualStages, schedule } = parallelism;
  const split = (['tensor', 'pipeline', 'context', 'data'] as const)
    .filter((degree) => degrees[degree] > 1 || degree === 'data')
    .map((degree) => `${degree} ${degrees[degree]}`)
    .join(' · ');
  const chunks = virtualStages > 1 ? ` in ${virtualStages} chunks a device` : '';
  const pipeline = degrees.pipeline > 1 ? `, ${schedule}${chunks}` : '';
  return [
    [
      'devices',
      `${formatCount(cluster.devices)} ${cluster.instance.accelerator.name} in ${formatCount(cluster.count)} ${cluster.instance.name}`,
    ],
    ['parallelism', `${split}${pipeline}`],
    [
      'batch',
      `${formatCount(training.globalBatchSize)} sequences of ${formatCount(training.sequenceLength)} tokens: ` +
        `${formatCount(microbatches)} microbatches of ${formatCount(microBatchSize)}`,
    ],
    [
      'software',
      `${stack.name}, ${training.precision}, ZeRO ${parallelism.zeroStage}, recompute ${parallelism.recompute.mode}`,
    ],
  ];
}

function renderPipeline(report: Report, timeline: Strip, style: Style): string {
  const whole = formatSeconds(report.stepTimeSeconds);
  const shown = formatSeconds(timeline.makespan);
  const title = whole === shown ? `${shown} from left to right` : `${shown} of the step's ${whole}, from left to right`;
  return renderStrip(timeline, title, style);
}

function renderTraining(training: TrainingReport, style: Style): string {
  const { steps, timeToTrainSeconds, usd, priceDate, energyKilowattHours } = training;
  const facts: [string, string][] = [
    ['steps', formatCount(steps)],
    ['time', formatSeconds(timeToTrainSeconds)],
  ];
  if (usd !== undefined) {
    const perHour = formatUsd(usd / (timeToTrainSeconds / 3600));
    facts.push(['price', `${formatUsd(usd)}, at ${perHour} an hour for all instances${priceText(priceDate)}`]);
  }
  if (energyKilowattHours !== undefined) facts.push(['energy', `${formatCount(energyKilowattHours)} kWh`]);
  return `${style.paint.bold('The whole run')} (without failures)\n${renderFacts(facts, style)}`;
}

/** Where the price comes from: a day, or the job itself. */
function priceText(priceDate: string | undefined): string {
  if (priceDate === undefined) return '';
  return /^\d/.test(priceDate) ? ` (on demand, price of ${priceDate})` : ' (price given in the job)';
}

function renderNearest({ nearest }: Report, style: Style): string {
  if (nearest.length === 0) return '';
  const table = renderTable(
    [
      { head: 'run' },
      { head: 'measured', align: 'right' },
      { head: 'predicted', align: 'right' },
      { head: 'error', align: 'right' },
      { head: 'source', narrow: 'shorten' },
    ],
    nearest.map((run) => [
      run.id,
      formatSeconds(run.measuredSeconds),
      formatSeconds(run.predictedSeconds),
      formatSignedPercent(run.error),
      run.source,
    ]),
    style,
  );
  return `${style.paint.bold('Published runs most like this one')}\n${table}`;
}
