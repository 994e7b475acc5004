/**
 * GPT-3 175B on 32 trn1.32xlarge, and what the same training costs on p4d.24xlarge.
 *
 * The Neuron documentation has published 12.7 to 14.6 sequences a second over its releases (aws-neuron/aws-neuron-sdk,
 * benchmarks of Trn1), with 32 instances, tensor 32, pipeline 8, data 4, 1,024 sequences a step of 2,048 tokens each. The
 * rest of the settings stands beside no figure, but the scripts of the same benchmarks are public. This story takes them
 * from there, forecasts, shows what every other choice would have given, and then asks what 300 billion tokens cost.
 */
import { findInstance } from '../src/hardware/catalogue.ts';
import { type Report, readJob, simulate } from '../src/index.ts';
import { renderTable } from '../src/report/index.ts';
import { formatBytes, formatDecimal, formatSeconds } from '../src/units.ts';

const published = { low: 12.7, high: 14.6 };
const tokens = 300e9;
const sequenceLength = 2048;

/** What was published, and what the scripts of aws-neuron/neuronx-nemo-megatron (examples/nlp/language_modeling) say. */
const settings = {
  model: 'gpt3-175b',
  cluster: { instance: 'trn1.32xlarge', count: 32 },
  stack: 'neuronx-distributed',
  training: {
    sequenceLength,
    tokens,
    globalBatchSize: 1024,
    // train_setup.sh: training_precision bf16SR, all in bf16 with stochastic rounding.
    precision: 'bf16',
    stochasticRounding: true,
    optimizer: 'adam',
  },
  parallelism: {
    // One layer's tensor ranks fill an instance, so that tensor parallelism stays on NeuronLink.
    tensor: 32,
    pipeline: 8,
    data: 4,
    // test.sh: microbatches of one sequence, sequence parallelism on; gpt_175b.sh: selective recomputation.
    microBatchSize: 1,
    sequenceParallel: true,
    recompute: 'selective',
    // Defaults of the library: one-forward-one-backward, equal layers on every stage, optimizer states sharded.
    schedule: '1f1b',
    partitioner: 'uniform',
    zeroStage: 1,
  },
};

type Changes = {
  readonly stack?: string;
  readonly cluster?: Record<string, unknown>;
  readonly training?: Record<string, unknown>;
  readonly parallelism?: Record<string, unknown>;
};

function forecast(changes: Changes = {}): Report {
  return simulate(
    readJob({
      ...settings,
      stack: changes.stack ?? settings.stack,
      cluster: { ...settings.cluster, ...changes.cluster },
      training: { ...settings.training, ...changes.training },
      parallelism: { ...settings.parallelism, ...changes.parallelism },
    }),
  );
}

const print = (text: string) => process.stdout.write(`${text}\n`);
const percent = (part: number) => `${formatDecimal(100 * part, 1)}%`;
const dollars = (usd: number) => `$${formatDecimal(usd, 0)}`;

// 1. Published and predicted.
const chosen = forecast();
const [fast, slow] = chosen.stepTimeSecondsRange ?? [chosen.stepTimeSeconds, chosen.stepTimeSeconds];
const stepAt = (rate: number) => formatSeconds(settings.training.globalBatchSize / rate);
const rateAt = (seconds: number) => formatDecimal(settings.training.globalBatchSize / seconds, 1);
print('GPT-3 175B on 32 trn1.32xlarge: tensor 32, pipeline 8, data 4, 1,024 sequences of 2,048 tokens\n');
print(
  renderTable(
    [{ head: '' }, { head: 'published', align: 'right' }, { head: 'predicted', align: 'right' }],
    [
      [
        'sequences a second',
        `${published.low} – ${published.high}`,
        `${formatDecimal(chosen.samplesPerSecond, 1)} (90%: ${rateAt(slow)} – ${rateAt(fast)})`,
      ],
      [
        'time of a step',
        `${stepAt(published.high)} – ${stepAt(published.low)}`,
        `${formatSeconds(chosen.stepTimeSeconds)} (90%: ${formatSeconds(fast)} – ${formatSeconds(slow)})`,
      ],
      ['memory of the fullest NeuronCore, of 16 GiB', 'it ran', formatBytes(chosen.memory.peakBytes)],
      ['model FLOPs utilisation', '', percent(chosen.mfu)],
      ['days for 300 billion tokens', '', formatSeconds(chosen.training?.timeToTrainSeconds ?? 0)],
      ['dollars for them, on demand', '', dollars(chosen.training?.usd ?? 0)],
    ],
  ),
);

// 2. Where the time goes.
print(`Where a step of ${formatSeconds(chosen.stepTimeSeconds)} goes\n`);
print(
  renderTable(
    [{ head: '' }, { head: 'seconds', align: 'right' }, { head: 'share', align: 'right' }],
    Object.entries(chosen.breakdownSeconds)
      .filter(([, seconds]) => seconds > 0)
      .toSorted(([, a], [, b]) => b - a)
      .map(([kind, seconds]) => [kind, formatDecimal(seconds, 2), percent(seconds / chosen.stepTimeSeconds)]),
  ),
);

// 3. What each setting decides that does not stand beside the published figures.
const withoutSequenceParallelism = { sequenceParallel: false };
const neighbours: readonly (readonly [string, Changes])[] = [
  ["as chosen: AWS's scripts", {}],
  ['without sequence parallelism', { parallelism: withoutSequenceParallelism }],
  ['the same, and everything recomputed', { parallelism: { ...withoutSequenceParallelism, recompute: 'full' } }],
  ['everything recomputed', { parallelism: { recompute: 'full' } }],
  ['nothing recomputed', { parallelism: { recompute: 'none' } }],
  ['microbatches of 2', { parallelism: { microBatchSize: 2 } }],
  ['microbatches of 4', { parallelism: { microBatchSize: 4 } }],
  ['optimizer states not sharded', { parallelism: { zeroStage: 0 } }],
  ['fp32 masters in place of stochastic rounding', { training: { stochasticRounding: false } }],
  ['interleaved, 2 chunks a device', { parallelism: { schedule: 'interleaved', virtualStages: 2 } }],
  ['interleaved, 3 chunks a device', { parallelism: { schedule: 'interleaved', virtualStages: 3 } }],
  ['all forward passes first', { parallelism: { schedule: 'gpipe' } }],
  ['stages cut to balance them', { parallelism: { partitioner: 'exact' } }],
  ['stages far apart (placement DPT)', { parallelism: { placement: 'DPT' } }],
  ['LAMB in place of Adam', { training: { optimizer: 'lamb' } }],
  ['trn1n.32xlarge: links twice as wide', { cluster: { instance: 'trn1n.32xlarge' } }],
];
print('What each setting decides that does not stand beside the published figures\n');
print(
  renderTable(
    [
      { head: 'setting' },
      { head: 'sequences/s', align: 'right' },
      { head: 'of published', align: 'right' },
      { head: 'bubble', align: 'right' },
      { head: 'memory', align: 'right' },
      { head: 'fits' },
    ],
    neighbours.map(([name, changes]) => {
      const report = forecast(changes);
      return [
        name,
        formatDecimal(report.samplesPerSecond, 1),
        ofPublished(report.samplesPerSecond),
        percent(report.bubbleFraction),
        formatBytes(report.memory.peakBytes),
        report.fits ? 'yes' : 'no',
      ];
    }),
  ),
);
print(
  'Without sequence parallelism the job fits only where everything is computed again, far slower than what was\n' +
    'published: that run must have had it, as the script says.\n',
);

/** Inside the published range, or how far outside of it. */
function ofPublished(rate: number): string {
  if (rate < published.low) return `−${percent(1 - rate / published.low)}`;
  return rate > published.high ? `+${percent(rate / published.high - 1)}` : 'inside';
}

// 4. The same training on p4d. Equal counts of instances: in 2023 a p4d cost half as much again, in 2026 as much.
const p4d = (stack: string, parallelism: Record<string, unknown>, training: Record<string, unknown> = {}): Changes => ({
  stack,
  cluster: { instance: 'p4d.24xlarge' },
  training: { stochasticRounding: false, ...training },
  parallelism: { tensor: 8, pipeline: 8, data: 4, partitioner: 'exact', sequenceParallel: false, ...parallelism },
});
const smp = p4d(
  'smp-v1',
  { schedule: 'smp-interleaved', recompute: 'full', placement: 'cluster' },
  { precision: 'fp16' },
);
interface Contender {
  readonly name: string;
  readonly instance: string;
  readonly count: number;
  readonly sequencesPerSecond: number;
  /** Of the fullest device; nobody published it. */
  readonly peakBytes?: number;
}

function predicted(name: string, instance: string, report: Report): Contender {
  return {
    name: `${name}, predicted${report.fits ? '' : ', too big'}`,
    instance,
    count: settings.cluster.count,
    sequencesPerSecond: report.samplesPerSecond,
    peakBytes: report.memory.peakBytes,
  };
}

const trn1 = { instance: 'trn1.32xlarge', count: settings.cluster.count };
const contenders: readonly Contender[] = [
  { name: '32 trn1, Neuron, published: slowest release', ...trn1, sequencesPerSecond: published.low },
  { name: '32 trn1, Neuron, published: fastest release', ...trn1, sequencesPerSecond: published.high },
  predicted('32 trn1, Neuron', 'trn1.32xlarge', chosen),
  predicted('32 p4d, SageMaker model parallel v1', 'p4d.24xlarge', forecast(smp)),
  predicted('32 p4d, Megatron-LM of 2021', 'p4d.24xlarge', forecast(p4d('megatron-2021', { recompute: 'full' }))),
  predicted('32 p4d, Megatron-LM of 2023', 'p4d.24xlarge', forecast(p4d('megatron-2023', { sequenceParallel: true }))),
  {
    name: '120 p4d, SageMaker model parallel v1, published',
    instance: 'p4d.24xlarge',
    count: 120,
    sequencesPerSecond: 32,
  },
];
print('300 billion tokens on trn1 and on p4d, on demand in us-east-1, without failures\n');
print(
  renderTable(
    [
      { head: '' },
      { head: 'sequences/s', align: 'right' },
      { head: 'memory', align: 'right' },
      { head: 'days', align: 'right' },
      { head: 'prices of 2023', align: 'right' },
      { head: 'of 2026', align: 'right' },
    ],
    contenders.map(({ name, instance, count, sequencesPerSecond, peakBytes }) => {
      const hours = tokens / sequenceLength / sequencesPerSecond / 3600;
      return [
        name,
        formatDecimal(sequencesPerSecond, 1),
        peakBytes === undefined ? '' : formatBytes(peakBytes),
        formatDecimal(hours / 24, 0),
        dollars(hours * count * usdPerHour(instance, '2023')),
        dollars(hours * count * usdPerHour(instance, '2026')),
      ];
    }),
  ),
);

/** The on-demand price of an instance in a year. */
function usdPerHour(name: string, year: string): number {
  const price = findInstance(name)?.onDemand.find(({ date }) => date.startsWith(year));
  if (price === undefined) throw new Error(`No price of ${name} is known for ${year}.`);
  return price.usdPerHour;
}
