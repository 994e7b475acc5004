/**
 * Runs that others published, none of which any constant of foretrain was fitted to, on five training stacks. What a
 * publication leaves out (microbatches, chunks, kernels) is assumed as its code or its time suggests, and said below; the published
 * times were known when that was done.
 *
 * They say where not to trust the forecast as well: runs on DeepSpeed's pipeline engine took 18 to 27%
 * longer than foretrain says, and it does not know why.
 */
import { readJob, simulate } from '../src/index.ts';
import { renderTable } from '../src/report/index.ts';
import { formatCount, formatPercent, formatSeconds, formatSignedPercent } from '../src/units.ts';

interface Run {
  readonly name: string;
  readonly job: object;
  readonly gpus: number;
  readonly publishedSeconds: number;
  readonly source: string;
}

/** H100s of 96 GB at 2.4 TB/s and 500 W, eight an instance, as torchtitan was measured on. */
const cappedH100 = {
  extends: 'dgx-h100',
  accelerator: {
    extends: 'h100-sxm5-80',
    name: 'H100 96GB HBM2e 500W',
    memoryBytes: 103_079_215_104,
    memoryBytesPerSecond: 2.4e12,
    powerWatts: 500,
  },
};

/** The fork of those days overlaps no tensor collectives (bigscience-workshop/Megatron-DeepSpeed 119a0d2). */
const megatronDeepspeedOf2021 = { name: 'megatron-deepspeed', tensorOverlap: 'none' };

/** FLOPs of a step of a GPT with full recomputation, as equation 3 of arXiv 2104.04473 counts them. */
function recomputedFlops(sequences: number, layers: number, hidden: number, vocabulary: number): number {
  const tokens = 2048 * sequences;
  return 96 * tokens * layers * hidden ** 2 * (1 + 2048 / (6 * hidden) + vocabulary / (16 * layers * hidden));
}

/** 1,920 sequences on 280, 350 and 420 DGX A100 at pipeline 35; microbatches of one sequence assumed. */
const mtNlg = ([replicas, publishedSeconds]: readonly [number, number]): Run => ({
  name: 'MT-NLG 530B',
  gpus: 280 * replicas,
  publishedSeconds,
  source: 'arXiv 2201.11990, section 2.4: 60.1, 50.2 and 44.4 s',
  job: {
    model: {
      name: 'MT-NLG',
      family: 'gpt',
      layers: 105,
      hiddenSize: 20_480,
      attentionHeads: 128,
      vocabularySize: 51_200,
    },
    cluster: { instance: 'dgx-a100', count: 35 * replicas },
    stack: megatronDeepspeedOf2021,
    training: { sequenceLength: 2048, globalBatchSize: 1920, precision: 'bf16' },
    parallelism: { tensor: 8, pipeline: 35, data: replicas, recompute: 'full', zeroStage: 0 },
  },
});

/** 256 sequences on 512 H100s, 4 a microbatch; compiled, float8, asynchronous tensor parallelism, full recomputation. */
const titan = ([schedule, virtualStages, tokensPerSecond]: readonly [string, number, number]): Run => ({
  name: `Llama 3.1 405B, ${schedule}`,
  gpus: 512,
  publishedSeconds: (256 * 8192) / 512 / tokensPerSecond,
  source: 'arXiv 2410.06511 (recalled): 100 and 130 tokens a second and GPU',
  job: {
    model: 'llama3-405b',
    cluster: { instance: cappedH100, count: 64 },
    stack: { name: 'fsdp2', attention: 'flash2', compiled: true, asyncTensorParallel: true },
    training: { sequenceLength: 8192, globalBatchSize: 256, precision: 'fp8' },
    parallelism: {
      ...{ tensor: 8, pipeline: 8, data: 8, microBatchSize: 4, virtualStages, schedule },
      ...{ sequenceParallel: true, zeroStage: 3, recompute: 'full' },
    },
  },
});

/** FLOPs of a token of Llama 3.1 405B: 6 a parameter, and the scores that a causal mask leaves. */
function herdFlops(sequenceLength: number): number {
  return 6 * 405.85e9 + (12 * 126 * 16_384 * sequenceLength) / 2;
}

/**
 * 16 million tokens on 16 stages, the first and the last with a layer less. Chunks of one layer, nothing recomputed, tensor
 * communication that nothing hides and gradients in fp32 are assumed; beside weight gradients it would take 6% less, and
 * overlapped throughout 15%. What that trainer did to save memory is not modelled: foretrain has these runs need 87 to 95 GiB.
 */
const herd = ([gpus, context, sequenceLength, teraflops]: readonly [number, number, number, number]): Run => ({
  name: `Llama 3.1 405B, ${formatCount(sequenceLength)} tokens`,
  gpus,
  publishedSeconds: (2 ** 24 * herdFlops(sequenceLength)) / gpus / (teraflops * 1e12),
  source: 'arXiv 2407.21783, table 4: 430 and 400 TFLOP/s a GPU at 8,192 tokens, 380 at 131,072',
  job: {
    model: 'llama3-405b',
    cluster: { instance: 'dgx-h100', count: gpus / 8 },
    stack: {
      ...{ name: 'megatron-core', tensorOverlap: 'none', fusedLoss: false },
      ...{ gradientReduceDtype: 'fp32', gradientAccumulationDtype: 'fp32' },
    },
    training: { sequenceLength, globalBatchSize: 2 ** 24 / sequenceLength, precision: 'bf16' },
    parallelism: {
      ...{ tensor: 8, pipeline: 16, context, data: gpus / (8 * 16 * context), sequenceParallel: true, zeroStage: 1 },
      ...{ schedule: 'interleaved', virtualStages: 8, recompute: 'none' },
      ...{ partitioner: 'layers', stageLayers: [0, ...Array(126).fill(1), 0] },
    },
  },
});

/** Llama 2 of four sizes and what each recomputes: a second layer of two where the published share of hardware FLOPs says so. */
const llama2 = [
  { model: 'llama2-7b', name: 'Llama 2 7B', recompute: 'none', shardingDegree: 8 },
  { model: 'llama2-13b', name: 'Llama 2 13B', recompute: { mode: 'full', every: 2 } },
  {
    model: {
      ...{ name: 'Llama 2 34B', family: 'llama', layers: 48, hiddenSize: 8192, attentionHeads: 64 },
      ...{ keyValueHeads: 8, feedForwardSize: 22_016, vocabularySize: 32_000 },
    },
    name: 'Llama 2 34B',
    recompute: 'full',
  },
  { model: 'llama2-70b', name: 'Llama 2 70B', recompute: 'full' },
];

/** Those four on one system, two sequences of 4,096 a GPU; the 400 Gbps of the A100s are taken for EFA, as their scripts say. */
const fms = (
  on: string,
  instance: string | object,
  gpus: number,
  compiled: boolean,
  tokensPerSecond: readonly [number, number, number, number],
): readonly Run[] =>
  llama2.map(({ model, name, recompute, shardingDegree }, index) => ({
    name: `${name}, ${on}`,
    gpus,
    publishedSeconds: (2 * 4096) / tokensPerSecond[index],
    source: 'PyTorch blog, training throughput of FSDP: tokens a second and GPU, and by what share MFU grew compiled',
    job: {
      model,
      cluster: { instance, count: gpus / 8 },
      stack: { name: 'fsdp1', attention: 'flash2', fusedNorm: false, compiled, gradientReduceDtype: 'bf16' },
      training: { sequenceLength: 4096, globalBatchSize: 2 * gpus, precision: 'bf16' },
      parallelism: { data: gpus, microBatchSize: 2, recompute, shardingDegree },
    },
  }));
const slowH100 = { extends: 'dgx-h100', networkBytesPerSecond: 1e11 };

const runs: readonly Run[] = [
  {
    name: 'Nemotron-4 340B',
    gpus: 6144,
    publishedSeconds: 8,
    source: 'Nemotron-4 340B technical report, table 2: 8.0 s; chunks of one layer assumed',
    job: {
      model: {
        ...{ name: 'Nemotron-4 340B', family: 'gpt', layers: 96, hiddenSize: 18_432, attentionHeads: 96 },
        ...{ keyValueHeads: 8, feedForwardSize: 73_728, vocabularySize: 256_000, activation: 'squared-relu' },
        ...{ positions: 'rope', bias: false, tiedEmbeddings: false, dropout: 0 },
      },
      cluster: { instance: 'dgx-h100', count: 768 },
      stack: 'megatron-core',
      training: { sequenceLength: 4096, globalBatchSize: 2304, precision: 'bf16' },
      parallelism: { tensor: 8, pipeline: 12, data: 64, virtualStages: 8, schedule: 'interleaved' },
    },
  },
  ...(
    [
      ['1f1b', 1, 100],
      ['interleaved', 2, 130],
    ] as const
  ).map(titan),
  ...(
    [
      [8192, 1, 8192, 430],
      [16_384, 1, 8192, 400],
      [16_384, 16, 131_072, 380],
    ] as const
  ).map(herd),
  {
    name: 'LLaMA 65B',
    gpus: 2048,
    publishedSeconds: 2048 / 380,
    source: 'arXiv 2302.13971, section 2.4: 380 tokens a second and GPU, 4 million a step; FSDP1 assumed',
    job: {
      model: {
        ...{ name: 'LLaMA 65B', family: 'llama', layers: 80, hiddenSize: 8192, attentionHeads: 64 },
        ...{ keyValueHeads: 64, feedForwardSize: 22_016, vocabularySize: 32_000 },
      },
      cluster: { instance: 'dgx-a100', count: 256 },
      stack: { name: 'fsdp1', attention: 'flash1' },
      training: { sequenceLength: 2048, globalBatchSize: 2048, precision: 'bf16' },
      parallelism: { data: 2048, recompute: 'none' },
    },
  },
  {
    name: 'OPT-175B',
    gpus: 992,
    publishedSeconds: recomputedFlops(992, 96, 12_288, 50_272) / 992 / 147e12,
    source: 'arXiv 2205.01068, section 2.4: up to 147 TFLOP/s a GPU; sequences of eight to a microbatch assumed',
    job: {
      model: 'gpt3-175b',
      cluster: { instance: 'dgx-a100', count: 124 },
      stack: { name: 'fsdp1', attention: 'fused-softmax' },
      training: { sequenceLength: 2048, globalBatchSize: 992, precision: 'fp16' },
      parallelism: { tensor: 8, data: 124, microBatchSize: 8, recompute: 'full', sequenceParallel: false },
    },
  },
  ...fms('A100', 'p4de.24xlarge', 128, false, [3700, 1800, 700, 370]),
  ...fms('A100, compiled', 'p4de.24xlarge', 128, true, [
    3700 * (68 / 57),
    1800 * (60 / 51),
    700 * (54 / 47),
    370 * (55 / 50),
  ]),
  ...fms('H100', slowH100, 96, false, [7500, 3800, 1550, 800]),
  ...fms('H100, compiled', 'dgx-h100', 464, true, [
    7500 * (45 / 37),
    3800 * (43 / 35),
    1550 * (38 / 32),
    800 * (38 / 34),
  ]),
  ...(
    [
      [8, 60.1],
      [10, 50.2],
      [12, 44.4],
    ] as const
  ).map(mtNlg),
  {
    name: 'GPT-NeoX-20B',
    gpus: 96,
    publishedSeconds: recomputedFlops(1536, 44, 6144, 50_432) / 96 / 117e12,
    source: 'arXiv 2204.06745, section 2.3: 117 TFLOP/s a GPU',
    job: {
      model: {
        ...{ name: 'GPT-NeoX-20B', family: 'gpt', layers: 44, hiddenSize: 6144, attentionHeads: 64 },
        ...{ vocabularySize: 50_432, positions: 'rope', dropout: 0 },
      },
      cluster: {
        instance: { extends: 'dgx-a100', accelerator: 'a100-sxm4-40', networkBytesPerSecond: 1e11, networkCards: 4 },
        count: 12,
      },
      stack: megatronDeepspeedOf2021,
      training: { sequenceLength: 2048, globalBatchSize: 1536, precision: 'fp16' },
      parallelism: { tensor: 2, pipeline: 4, data: 12, microBatchSize: 4, recompute: 'full', zeroStage: 1 },
    },
  },
];

const answers = runs.map((run) => {
  const job = readJob(run.job);
  const { stepTimeSeconds } = simulate(job, { evidence: false });
  return { run, stack: job.stack.name, stepTimeSeconds, error: stepTimeSeconds / run.publishedSeconds - 1 };
});
process.stdout.write('Runs that no constant was fitted to: seconds a step\n\n');
process.stdout.write(
  renderTable(
    [
      { head: 'model' },
      { head: 'GPUs', align: 'right' },
      { head: 'stack' },
      { head: 'published', align: 'right' },
      { head: 'predicted', align: 'right' },
      { head: 'off', align: 'right' },
    ],
    answers.map(({ run, stack, stepTimeSeconds, error }) => [
      run.name,
      formatCount(run.gpus),
      stack,
      formatSeconds(run.publishedSeconds),
      formatSeconds(stepTimeSeconds),
      formatSignedPercent(error),
    ]),
  ),
);
process.stdout.write('\n');
const sources = new Map(runs.toReversed().map((run) => [run.source, run.name.split(',')[0]]));
for (const [source, name] of [...sources].toReversed()) {
  process.stdout.write(`  ${name}: ${source}\n`);
}
const meanOf = (found: typeof answers) =>
  formatPercent(found.reduce((sum, { error }) => sum + Math.abs(error), 0) / found.length);
const deepspeed = answers.filter(({ stack }) => stack === 'megatron-deepspeed');
const others = answers.filter(({ stack }) => stack !== 'megatron-deepspeed');
process.stdout.write(
  `\nmean error ${meanOf(others)}, and ${meanOf(deepspeed)} on DeepSpeed's pipeline engine, too fast every time\n`,
);
