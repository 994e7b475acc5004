/**
 * GPT-3 175B under every pipeline schedule, on 64 p4d.24xlarge (A100 40GB) and on 64 p5.48xlarge (H100 80GB).
 *
 * A schedule buys a shorter step with memory: zero bubbles need twice the activations of 1F1B (arXiv 2401.10241), chunks
 * keep more microbatches in flight (arXiv 2104.04473), DualPipe holds the parameters twice (arXiv 2412.19437), and a V of
 * two chunks gives half of it back (arXiv 2405.15362). `auto` finds an order of its own for the memory there is. Memory that is short can be bought with time: recompute the
 * activations. So which schedule wins depends on how much memory there is, and this story asks three questions of each
 * cluster: how fast is every schedule if memory were endless, which of them fit, and which wins once each has bought the
 * memory it lacks.
 */
import { ForetrainError, type Report, readJob, type Simulation, simulateDetailed } from '../src/index.ts';
import type { Schedule } from '../src/pipeline/schedule.ts';
import { schedules } from '../src/pipeline/schedules/index.ts';
import { plainStyle, renderStrip, renderTable, wrap } from '../src/report/index.ts';
import { formatBytes, formatDecimal, formatPercent, formatSeconds } from '../src/units.ts';

/** The same model and the same split on both, each with its reason. */
const settings = {
  model: 'gpt3-175b',
  stack: 'megatron-core',
  training: { sequenceLength: 2048, precision: 'bf16', optimizer: 'adam' },
  parallelism: {
    // One tensor group an instance, so that its collectives stay on NVLink.
    tensor: 8,
    sequenceParallel: true,
    // Eight stages of twelve layers; a V or a loop of two chunks has sixteen of six.
    pipeline: 8,
    data: 8,
    zeroStage: 1,
    // Equal layers, as Megatron cuts: a cut that minds memory would make the comparison one of cuts.
    partitioner: 'uniform',
  },
};

/** GPT-3's own batch of 3.2 million tokens (arXiv 2005.14165), in microbatches as large as memory makes interesting. */
const globalBatchSize = 1536;
const clusters = [
  // 96 microbatches of two sequences: 1F1B just fits.
  { name: '64 p4d.24xlarge', instance: 'p4d.24xlarge', microBatchSize: 2 },
  // 32 microbatches of six.
  { name: '64 p5.48xlarge', instance: 'p5.48xlarge', microBatchSize: 6 },
] as const;
type ClusterChoice = (typeof clusters)[number];

/** From no recomputation to all of it: each costs more time and less memory than the one before. */
const recomputes = ['none', 'selective', 'full'] as const;
type RecomputeChoice = (typeof recomputes)[number];

/** A V or a loop has two chunks a device, the others one; an order of its own is sought for both. */
const chunksOf = ({ name, placement }: Schedule): readonly number[] =>
  name === 'auto' ? [1, 2] : placement === 'v' || placement === 'loop' ? [2] : [1];

interface Outcome {
  readonly schedule: string;
  readonly recompute: RecomputeChoice;
  readonly report: Report;
  readonly simulation: Simulation;
}

function forecast(cluster: ClusterChoice, name: string, virtualStages: number, recompute: RecomputeChoice): Outcome {
  const { instance, microBatchSize } = cluster;
  const job = readJob({
    ...settings,
    name: `GPT-3 175B on ${cluster.name}, ${name}`,
    cluster: { instance, count: 64 },
    training: { ...settings.training, globalBatchSize },
    parallelism: { ...settings.parallelism, schedule: name, virtualStages, microBatchSize, recompute },
  });
  const simulation = simulateDetailed(job);
  const label = name === 'auto' && virtualStages > 1 ? 'auto on a V' : name;
  return { schedule: label, recompute, report: simulation.report, simulation };
}

const print = (text: string) => process.stdout.write(`${text}\n`);
const refused = new Map<string, string>();

/** Every schedule with one way to recompute; those that the job cannot run are told apart. */
function runAll(cluster: ClusterChoice, recompute: RecomputeChoice): readonly Outcome[] {
  const found: Outcome[] = [];
  for (const schedule of schedules) {
    try {
      for (const chunks of chunksOf(schedule)) found.push(forecast(cluster, schedule.name, chunks, recompute));
    } catch (error) {
      if (!(error instanceof ForetrainError)) throw error;
      refused.set(schedule.name, error.faults.map(({ message }) => message).join('; '));
    }
  }
  return found;
}

const byTime = (a: Outcome, b: Outcome) => a.report.stepTimeSeconds - b.report.stepTimeSeconds;

/** Outcomes that nothing of as little memory beats, from the least memory to the shortest step. */
function fastestByMemory(outcomes: readonly Outcome[]): readonly Outcome[] {
  const byMemory = outcomes.toSorted((a, b) => a.report.memory.peakBytes - b.report.memory.peakBytes || byTime(a, b));
  let best = Number.POSITIVE_INFINITY;
  return byMemory.filter(({ report }) => {
    if (report.stepTimeSeconds >= best) return false;
    best = report.stepTimeSeconds;
    return true;
  });
}

for (const cluster of clusters) {
  const outcomes = new Map(recomputes.map((recompute) => [recompute, runAll(cluster, recompute)]));
  const free = outcomes.get('none')!;
  const plain = free.find(({ schedule }) => schedule === '1f1b')!;
  const capacity = plain.report.memory.capacityBytes;
  print(`GPT-3 175B on ${cluster.name}: ${formatBytes(capacity)} of memory a device\n`);

  // 1. Every schedule as if memory were endless.
  print('Without recomputation\n');
  print(
    renderTable(
      [
        { head: 'schedule' },
        { head: 'step', align: 'right' },
        { head: 'of 1f1b', align: 'right' },
        { head: 'bubble', align: 'right' },
        { head: 'memory', align: 'right' },
        { head: 'fits' },
      ],
      free
        .toSorted(byTime)
        .map(({ schedule, report }) => [
          schedule,
          formatSeconds(report.stepTimeSeconds),
          formatPercent(report.stepTimeSeconds / plain.report.stepTimeSeconds),
          formatPercent(report.bubbleFraction),
          formatBytes(report.memory.peakBytes),
          report.fits ? 'yes' : 'no',
        ]),
    ),
  );

  // 2. Each with the least recomputation with which it fits.
  const fitting = free.flatMap(({ schedule }) => {
    const found = recomputes
      .map((recompute) => outcomes.get(recompute)!.find((outcome) => outcome.schedule === schedule)!)
      .find(({ report }) => report.fits);
    return found === undefined ? [] : [found];
  });
  print('With as little recomputation as lets it fit\n');
  print(
    renderTable(
      [
        { head: 'schedule' },
        { head: 'recompute' },
        { head: 'step', align: 'right' },
        { head: 'bubble', align: 'right' },
        { head: 'memory', align: 'right' },
        { head: 'samples/s', align: 'right' },
      ],
      fitting
        .toSorted(byTime)
        .map(({ schedule, recompute, report }) => [
          schedule,
          recompute,
          formatSeconds(report.stepTimeSeconds),
          formatPercent(report.bubbleFraction),
          formatBytes(report.memory.peakBytes),
          formatDecimal(report.samplesPerSecond, 1),
        ]),
    ),
  );

  // 3. Who wins, with and without the limit, and how the winner changes with the memory there is.
  const endless = free.toSorted(byTime)[0]!;
  const [winner] = fitting.toSorted(byTime);
  const gone = free.filter(({ schedule }) => !fitting.some((outcome) => outcome.schedule === schedule));
  const sentences = [
    `With endless memory ${endless.schedule} would win: ${formatSeconds(endless.report.stepTimeSeconds)}, ` +
      `${formatBytes(endless.report.memory.peakBytes)} a device.`,
    winner === undefined
      ? 'Within the memory there is, none of them fits.'
      : `Within the memory there is, ${winner.schedule} wins with recompute ${winner.recompute}: ` +
        `${formatSeconds(winner.report.stepTimeSeconds)}, ${formatBytes(winner.report.memory.peakBytes)} a device.`,
    ...(gone.length === 0 ? [] : [`No recomputation makes ${gone.map(({ schedule }) => schedule).join(', ')} fit.`]),
  ];
  print(wrap(sentences.join(' '), plainStyle.width, ''));
  print('The fastest that needs no more than so much memory\n');
  print(
    renderTable(
      [
        { head: 'memory', align: 'right' },
        { head: 'schedule' },
        { head: 'recompute' },
        { head: 'step', align: 'right' },
        { head: 'bubble', align: 'right' },
      ],
      fastestByMemory([...outcomes.values()].flat()).map(({ schedule, recompute, report }) => [
        formatBytes(report.memory.peakBytes),
        schedule,
        recompute,
        formatSeconds(report.stepTimeSeconds),
        formatPercent(report.bubbleFraction),
      ]),
    ),
  );

  // 4. A picture of each, from the first pass to the last: rows are stages.
  for (const { schedule, simulation } of free) {
    const { timeline } = simulation;
    print(renderStrip(timeline, `${schedule}, ${formatSeconds(timeline.makespan)} from left to right`, plainStyle));
  }
}

if (refused.size > 0) {
  print('Not run\n');
  for (const [schedule, reason] of refused) print(wrap(`${schedule}: ${reason}`, plainStyle.width, '  '));
}
