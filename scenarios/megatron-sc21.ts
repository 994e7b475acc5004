/**
 * Table 1 of arXiv 2104.04473: ten GPTs from 1.7 billion to a trillion parameters on up to 3,072 A100s of the Selene
 * cluster, with full recomputation. No constant of foretrain was fitted to any of these runs.
 *
 * The table gives model, degrees, GPUs and batch, and section 5.1 that the interleaved schedule was used; microbatches and
 * chunks a device are not printed. So each run is forecast with every size of microbatch up to 16 and one to four chunks
 * that fit: the fastest of those with one chunk (1F1B), and the fastest of all, stand beside what was published. Where
 * there is a pipeline the latter is the one to compare. Products that add to gradients themselves came in February 2022
 * (github.com/NVIDIA/apex/pull/1297), after these runs.
 */
import { findModel } from '../src/graph/catalogue.ts';
import { readJob, simulate } from '../src/index.ts';
import { renderTable } from '../src/report/index.ts';
import { formatCount, formatDecimal, formatPercent, formatSignedPercent } from '../src/units.ts';

const sequenceLength = 2048;

/** Model, tensor and pipeline degree, GPUs, sequences a step, and teraFLOP/s a GPU as published. */
const published = [
  ['megatron-1.7b', 1, 1, 32, 512, 137],
  ['megatron-3.6b', 2, 1, 64, 512, 138],
  ['megatron-7.5b', 4, 1, 128, 512, 142],
  ['megatron-18.4b', 8, 1, 256, 1024, 135],
  ['megatron-39.1b', 8, 2, 512, 1536, 138],
  ['megatron-76.1b', 8, 4, 1024, 1792, 140],
  ['megatron-145.6b', 8, 8, 1536, 2304, 148],
  ['megatron-310.1b', 8, 16, 1920, 2160, 155],
  ['megatron-529.6b', 8, 35, 2520, 2520, 163],
  ['megatron-1008b', 8, 64, 3072, 3072, 163],
] as const;
type Run = (typeof published)[number];

/** FLOPs of a step as the paper counts them, recomputation included (equation 3). */
function flopsOf(model: string, batch: number): number {
  const { layers: l, hiddenSize: h, vocabularySize } = findModel(model)!;
  return 96 * batch * sequenceLength * l * h ** 2 * (1 + sequenceLength / (6 * h) + vocabularySize / (16 * l * h));
}

interface Forecast {
  readonly teraflops: number;
  readonly microBatchSize: number;
  readonly virtualStages: number;
}

/** The fastest forecast that fits, or undefined. */
function fastest([model, tensor, pipeline, gpus, batch]: Run, chunks: readonly number[]): Forecast | undefined {
  const { layers } = findModel(model)!;
  const data = gpus / (tensor * pipeline);
  let best: Forecast | undefined;
  for (const virtualStages of chunks) {
    if (virtualStages > 1 && (pipeline === 1 || layers % (pipeline * virtualStages) !== 0)) continue;
    for (const microBatchSize of [1, 2, 4, 8, 16]) {
      const microbatches = batch / (data * microBatchSize);
      if (!Number.isInteger(microbatches) || (virtualStages > 1 && microbatches % pipeline !== 0)) continue;
      const report = simulate(
        readJob({
          model,
          cluster: { instance: 'dgx-a100', count: gpus / 8 },
          stack: { name: 'megatron-2021', fusedGradientAccumulation: false },
          training: { sequenceLength, globalBatchSize: batch, precision: 'fp16' },
          parallelism: {
            ...{ tensor, pipeline, data, microBatchSize, virtualStages },
            schedule: virtualStages > 1 ? 'interleaved' : '1f1b',
            recompute: 'full',
            partitioner: 'uniform',
          },
        }),
        { evidence: false },
      );
      const teraflops = flopsOf(model, batch) / report.stepTimeSeconds / gpus / 1e12;
      if (report.fits && teraflops > (best?.teraflops ?? 0)) best = { teraflops, microBatchSize, virtualStages };
    }
  }
  return best;
}

const error = (forecast: Forecast | undefined, run: Run) =>
  forecast === undefined ? undefined : forecast.teraflops / run[5] - 1;
const percent = (value: number | undefined) => (value === undefined ? '–' : formatSignedPercent(value));
const rate = (forecast: Forecast | undefined) =>
  forecast === undefined ? 'does not fit' : formatDecimal(forecast.teraflops, 0);

const stories = published.map((run) => ({ run, one: fastest(run, [1]), any: fastest(run, [1, 2, 3, 4]) }));
process.stdout.write(
  'GPTs on A100s, teraFLOP/s a GPU: published, and predicted with the fastest settings that fit\n\n',
);
process.stdout.write(
  renderTable(
    [
      { head: 'model' },
      { head: 'GPUs', align: 'right' },
      { head: 'published', align: 'right' },
      { head: 'one chunk', align: 'right' },
      { head: 'off', align: 'right' },
      { head: 'any chunks', align: 'right' },
      { head: 'off', align: 'right' },
      { head: 'with', align: 'left' },
    ],
    stories.map(({ run, one, any }) => [
      run[0],
      formatCount(run[3]),
      String(run[5]),
      rate(one),
      percent(error(one, run)),
      rate(any),
      percent(error(any, run)),
      any === undefined
        ? ''
        : `microbatch ${any.microBatchSize}, ${any.virtualStages} ${any.virtualStages === 1 ? 'chunk' : 'chunks'}`,
    ]),
  ),
);
const meanOf = (of: 'one' | 'any') => {
  const errors = stories.map((story) => Math.abs(error(story[of], story.run) ?? 1));
  return formatPercent(errors.reduce((sum, one) => sum + one, 0) / errors.length);
};
process.stdout.write(
  `\nmean error ${meanOf('one')} with one chunk, ${meanOf('any')} with the fastest number of them\n`,
);
