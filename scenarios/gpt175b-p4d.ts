/**
 * GPT-3 175B on 120 ml.p4d.24xlarge with SageMaker's model-parallel library.
 *
 * The one published figure is 32 samples a second (AWS Machine Learning Blog, 1 March 2022: "Train 175+ billion
 * parameter NLP models with model parallel additions and Hugging Face on Amazon SageMaker"), with the estimate that 240
 * instances train the whole model in 25 days. Neither the sequence length nor the batch nor the degrees were published.
 * So this story chooses each setting for a reason, forecasts, and then shows what every other choice would have given.
 */
import { readJob, simulate } from '../src/index.ts';
import { renderTable } from '../src/report/index.ts';
import { formatBytes, formatDecimal, formatSeconds } from '../src/units.ts';

const published = { samplesPerSecond: 32, instances: 120, daysOn240: 25 };

/**
 * The settings, and why. They were written down before their first run, with microbatches of 4 sequences and the
 * library's default of 8 in flight; that forecast came out a little too big for 40 GB, at 24.5 samples a second. Both
 * were then brought to what AWS's own reference does, as said beside them. The table below keeps the first choice.
 */
const settings = {
  model: 'gpt3-175b',
  cluster: { instance: 'ml.p4d.24xlarge', count: 120 },
  stack: 'smp-v1',
  training: {
    // GPT-3's own sequence (arXiv 2005.14165) and number of tokens; the blog post states neither.
    sequenceLength: 2048,
    tokens: 300e9,
    // The library's 16-bit mode of early 2022; bf16 came later, with sharded data parallelism.
    precision: 'fp16',
    optimizer: 'adam',
    // 20 replicas with 12 microbatches of 3 sequences each: see below.
    globalBatchSize: 720,
  },
  parallelism: {
    // AWS's guidance: the tensor degree is a power of two and at most the GPUs of an instance, so that it stays on NVLink.
    tensor: 8,
    // 120 instances leave 120 tensor groups; 6 stages divide them and hold 16 of the 96 layers each.
    pipeline: 6,
    data: 20,
    // AWS's published reference for 60B parameters (32 p4d, pipeline 2, tensor 8) runs 4 microbatches, twice its number
    // of stages, each of 14 sequences of 512 tokens, with as many in flight as stages. Twice 6 stages are 12
    // microbatches, 3 sequences of 2,048 are the most within its 7,168 tokens, and 6 are in flight.
    microBatchSize: 3,
    activeMicrobatches: 6,
    // The library's default schedule and order of ranks.
    schedule: 'smp-interleaved',
    placement: 'cluster',
    // All four of AWS's reference configurations shard the optimizer's state and checkpoint each layer.
    zeroStage: 1,
    recompute: 'full',
    partitioner: 'exact',
  },
};

type Changes = {
  readonly cluster?: Record<string, unknown>;
  readonly training?: Record<string, unknown>;
  readonly parallelism?: Record<string, unknown>;
};

function forecast(changes: Changes = {}) {
  return simulate(
    readJob({
      ...settings,
      cluster: { ...settings.cluster, ...changes.cluster },
      training: { ...settings.training, ...changes.training },
      parallelism: { ...settings.parallelism, ...changes.parallelism },
    }),
  );
}

const print = (text: string) => process.stdout.write(`${text}\n`);
const days = (seconds: number | undefined) => (seconds === undefined ? '' : formatSeconds(seconds));
const percent = (part: number) => `${formatDecimal(100 * part, 1)}%`;

// 1. Published and predicted.
const chosen = forecast();
const doubled = forecast({ cluster: { count: 240 }, training: { globalBatchSize: 1440 }, parallelism: { data: 40 } });
print('GPT-3 175B with SageMaker model parallelism on p4d.24xlarge\n');
print(
  renderTable(
    [{ head: '' }, { head: 'published', align: 'right' }, { head: 'predicted', align: 'right' }],
    [
      [
        'samples a second on 120 instances',
        formatDecimal(published.samplesPerSecond, 1),
        formatDecimal(chosen.samplesPerSecond, 1),
      ],
      [
        'nine times in ten between',
        '',
        chosen
          .stepTimeSecondsRange!.toReversed()
          .map((seconds) => formatDecimal(settings.training.globalBatchSize / seconds, 1))
          .join(' and '),
      ],
      ['days to train on 240 instances', `${published.daysOn240}`, days(doubled.training?.timeToTrainSeconds)],
      [
        'the same at twice 32 samples a second',
        '',
        days(settings.training.tokens / settings.training.sequenceLength / (2 * published.samplesPerSecond)),
      ],
      ['memory of the fullest GPU, of 40 GB', '', formatBytes(chosen.memory.peakBytes)],
      ['model FLOPs utilisation', '23%', percent(chosen.mfu)],
      ['dollars for the run on 240, on demand', '', `$${formatDecimal(doubled.training?.usd ?? 0, 0)}`],
    ],
  ),
);
print(
  'The days assume sequences of 2,048 tokens and 300 billion tokens, which the publication does not state. Its 25 days\n' +
    'would need 33.9 samples a second on 120 instances; exactly twice 32 samples a second would make 26.5 days.\n',
);

// 2. Where the time goes.
print('Where a step of ' + formatSeconds(chosen.stepTimeSeconds) + ' goes\n');
const parts = Object.entries(chosen.breakdownSeconds).filter(([, seconds]) => seconds > 0);
print(
  renderTable(
    [{ head: '' }, { head: 'seconds', align: 'right' }, { head: 'share', align: 'right' }],
    parts
      .toSorted(([, a], [, b]) => b - a)
      .map(([kind, seconds]) => [kind, formatDecimal(seconds, 2), percent(seconds / chosen.stepTimeSeconds)]),
  ),
);

// 3. What each setting that was never published decides.
const neighbours: readonly (readonly [string, Changes])[] = [
  ['as chosen: 12 microbatches of 3, pipeline 6', {}],
  [
    'the first choice: 12 of 4, 8 in flight',
    { training: { globalBatchSize: 960 }, parallelism: { microBatchSize: 4, activeMicrobatches: 8 } },
  ],
  ["8 in flight, the library's default", { parallelism: { activeMicrobatches: 8 } }],
  ['6 microbatches of 3', { training: { globalBatchSize: 360 } }],
  ['24 microbatches of 3', { training: { globalBatchSize: 1440 } }],
  ['48 microbatches of 3', { training: { globalBatchSize: 2880 } }],
  ['12 microbatches of 2', { training: { globalBatchSize: 480 }, parallelism: { microBatchSize: 2 } }],
  ['12 microbatches of 1', { training: { globalBatchSize: 240 }, parallelism: { microBatchSize: 1 } }],
  ['36 microbatches of 1', { parallelism: { microBatchSize: 1 } }],
  ['96 microbatches of 1', { training: { globalBatchSize: 1920 }, parallelism: { microBatchSize: 1 } }],
  ['pipeline 4, data 30', { parallelism: { pipeline: 4, data: 30, activeMicrobatches: 4 } }],
  ['pipeline 8, data 15', { parallelism: { pipeline: 8, data: 15, activeMicrobatches: 8 } }],
  ['pipeline 12, data 10', { parallelism: { pipeline: 12, data: 10, activeMicrobatches: 12 } }],
  ['tensor 4, pipeline 12', { parallelism: { tensor: 4, pipeline: 12, activeMicrobatches: 12 } }],
  ['sequences of 1,024 tokens', { training: { sequenceLength: 1024 } }],
  ['placement PDT (stages far apart)', { parallelism: { placement: 'PDT' } }],
];
const row = ([name, changes]: readonly [string, Changes]) => {
  const report = forecast(changes);
  return [
    name,
    formatDecimal(report.samplesPerSecond, 1),
    percent(report.bubbleFraction),
    formatBytes(report.memory.peakBytes),
    report.fits ? 'yes' : 'no',
  ];
};
const columns = [
  { head: 'setting' },
  { head: 'samples/s', align: 'right' },
  { head: 'bubble', align: 'right' },
  { head: 'memory', align: 'right' },
  { head: 'fits' },
] as const;
print('What the settings that were never published decide\n');
print(renderTable(columns, neighbours.map(row)));

// 4. What each of the library's features changes.
const features: readonly (readonly [string, Changes])[] = [
  ['everything on', {}],
  ['without optimizer state sharding', { parallelism: { zeroStage: 0 } }],
  ['checkpointing only the attention core', { parallelism: { recompute: 'selective' } }],
  ['without activation checkpointing', { parallelism: { recompute: 'none' } }],
  [
    'simple pipeline: all forward passes first',
    { parallelism: { schedule: 'smp-simple', activeMicrobatches: undefined } },
  ],
  ['one-forward-one-backward, fixed order', { parallelism: { schedule: '1f1b', activeMicrobatches: undefined } }],
];
print('What each feature changes\n');
print(renderTable(columns, features.map(row)));
