/**
 * Four ways to make room: GPT-3 175B on 120 ml.p4d.24xlarge with SageMaker's model-parallel library.
 *
 * The library's four levers, one after another: the model is partitioned, its optimizer states are sharded, activations
 * are checkpointed, and what is left of them is offloaded to the host. After each: what fills the fullest GPU, and what
 * the lever costs in step time. The settings are those of `gpt175b-p4d.ts`, where the reasons stand.
 */
import { readJob, simulate } from '../src/index.ts';
import { renderTable } from '../src/report/index.ts';
import { formatBytes, formatDecimal, formatSeconds } from '../src/units.ts';

const training = { sequenceLength: 2048, precision: 'fp16', globalBatchSize: 720 };
const partitioned = {
  tensor: 8,
  pipeline: 6,
  data: 20,
  microBatchSize: 3,
  activeMicrobatches: 6,
  schedule: 'smp-interleaved',
  placement: 'cluster',
  // Equal stages, so that every lever is pulled on the same ones.
  partitioner: 'uniform',
};

interface Step {
  readonly name: string;
  readonly devices: number;
  readonly training?: object;
  readonly parallelism: object;
}

const levers: readonly Step[] = [
  // A GPU that holds the model alone, for what one sequence needs; its step time would mean nothing.
  { name: 'the whole model on each GPU', devices: 1, training: { globalBatchSize: 1 }, parallelism: {} },
  { name: '1. model partitioning', devices: 960, parallelism: partitioned },
  { name: '2. optimizer state sharding', devices: 960, parallelism: { ...partitioned, zeroStage: 1 } },
  {
    name: '3. activation checkpointing',
    devices: 960,
    parallelism: { ...partitioned, zeroStage: 1, recompute: 'full' },
  },
  {
    name: '4. activation offloading',
    devices: 960,
    parallelism: { ...partitioned, zeroStage: 1, recompute: 'full', offload: { activations: true, horizon: 2 } },
  },
];

const results = levers.map(({ name, devices, training: changes, parallelism }) => {
  const report = simulate(
    readJob({
      model: 'gpt3-175b',
      cluster: { instance: 'ml.p4d.24xlarge', devices },
      stack: 'smp-v1',
      training: { ...training, ...changes },
      parallelism,
    }),
  );
  const fullest = report.memory.stages.reduce((a, b) => (b.peakBytes > a.peakBytes ? b : a));
  return { name, alone: devices === 1, report, fullest };
});

const print = (text: string) => process.stdout.write(`${text}\n`);

// 1. Bytes and step time after each lever.
print('GPT-3 175B on 120 p4d.24xlarge: the fullest GPU after each lever\n');
const right = 'right' as const;
print(
  renderTable(
    [
      { head: '' },
      { head: 'states', align: right },
      { head: 'activations', align: right },
      { head: 'all else', align: right },
      { head: 'peak', align: right },
      { head: 'of 40 GB', align: right },
      { head: 'host', align: right },
      { head: 'step time', align: right },
    ],
    results.map(({ name, alone, report, fullest }) => {
      const states = fullest.parametersBytes + fullest.gradientsBytes + fullest.optimizerBytes;
      return [
        name,
        formatBytes(states),
        formatBytes(fullest.activationsBytes),
        formatBytes(fullest.peakBytes - states - fullest.activationsBytes),
        formatBytes(fullest.peakBytes),
        `${formatDecimal((100 * fullest.peakBytes) / report.memory.capacityBytes, 0)}%`,
        formatBytes(report.memory.hostBytes),
        alone ? '' : formatSeconds(report.stepTimeSeconds),
      ];
    }),
  ),
);

// 2. The same as bars, without the first, beside which nothing would show.
const width = 60;
const most = Math.max(...results.slice(1).map(({ fullest }) => fullest.peakBytes));
const bar = (bytes: number, glyph: string) => glyph.repeat(Math.round((bytes / most) * width));
print('█ parameters, gradients, optimizer   ▓ activations   ░ all else\n');
for (const { name, report, fullest } of results.slice(1)) {
  const states = fullest.parametersBytes + fullest.gradientsBytes + fullest.optimizerBytes;
  const rest = fullest.peakBytes - states - fullest.activationsBytes;
  const parts = `${bar(states, '█')}${bar(fullest.activationsBytes, '▓')}${bar(rest, '░')}`;
  print(`  ${name.padEnd(28)} ${parts.padEnd(width + 2)} ${report.fits ? 'fits' : 'does not fit'}`);
}

// 3. What is largest at the peak, after each lever.
print('\nThe largest things alive on that GPU\n');
print(
  renderTable(
    [{ head: '' }, { head: 'first' }, { head: 'second' }, { head: 'third' }],
    results
      .slice(1)
      .map(({ name, fullest }) => [
        name,
        ...fullest.largest.slice(0, 3).map((item) => `${item.name}, ${formatBytes(item.bytes)}`),
      ]),
  ),
);
