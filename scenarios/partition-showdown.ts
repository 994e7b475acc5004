/**
 * Who cuts a model best?
 *
 * Every pipeline begins with a decision that is easy to overlook: which layers go on which device. Megatron deals out
 * equal layers. SageMaker's model-parallel library walks the tree of modules and balances time and memory. foretrain
 * cuts where no other contiguous cut has a less busy device, within each device's memory. Four models, two clusters of
 * the years in which they were trained, one question: what does the cut itself decide? Two more models are no chain of
 * layers: there the order of the operators is a choice as well.
 */
import { readJob, simulate } from '../src/index.ts';
import { comparePartitioners } from '../src/planner/comparePartitioners.ts';
import { renderPartitions, renderTable } from '../src/report/index.ts';
import { formatBytes, formatDecimal, formatSeconds } from '../src/units.ts';
import { drawGraph, type Edge, type Node } from './graphs/drawGraph.ts';

/** The configuration that AWS prints: SageMaker Python SDK, smd_model_parallel_general, "Parameters". */
const printed = {
  parameters: {
    pipeline_parallel_degree: 2,
    microbatches: 4,
    placement_strategy: 'spread',
    pipeline: 'interleaved',
    optimize: 'speed',
    ddp: true,
  },
  mpi: { processes_per_host: 8 },
};

/** One instance of eight V100s with 16 GB, as that configuration runs on. */
const smallCluster = { instance: 'ml.p3.16xlarge', count: 1 };

const contests = [
  {
    // BERT-Large as it is pre-trained in its first phase: sequences of 128 tokens (arXiv 1810.04805, appendix A.2).
    // Its vocabulary is small and its head no larger than a layer or two: equal layers are nearly fair.
    question: 'BERT-Large in fp16 with the configuration that AWS prints',
    job: {
      name: 'BERT-Large on one p3.16xlarge',
      model: 'bert-large',
      cluster: smallCluster,
      training: { sequenceLength: 128, globalBatchSize: 256, precision: 'fp16' },
      smp: printed,
    },
  },
  {
    // GPT-2 at its largest does not fit beside its optimizer on 16 GB without help: the script checkpoints every layer and
    // the library shards the optimizer's state. One sequence a microbatch is all there is room for.
    question: 'GPT-2 1.5B in fp16 with the same, every layer checkpointed and the optimizer sharded',
    job: {
      name: 'GPT-2 1.5B on one p3.16xlarge',
      model: 'gpt2-1.5b',
      cluster: smallCluster,
      training: { sequenceLength: 1024, globalBatchSize: 16, precision: 'fp16' },
      smp: { ...printed, parameters: { ...printed.parameters, shard_optimizer_state: true } },
      parallelism: { recompute: 'full' },
    },
  },
  {
    // GPT-3 has 96 equal layers and a vocabulary that is small beside them: 6 stages of 16 layers are hard to beat, and
    // what is left to decide is who takes the embedding and the head.
    question: 'GPT-3 175B on 120 p4d.24xlarge',
    job: {
      name: 'GPT-3 175B on 120 p4d.24xlarge',
      model: 'gpt3-175b',
      cluster: { instance: 'ml.p4d.24xlarge', count: 120 },
      training: { sequenceLength: 2048, globalBatchSize: 960, precision: 'fp16' },
      smp: {
        parameters: {
          tensor_parallel_degree: 8,
          pipeline_parallel_degree: 6,
          microbatches: 24,
          optimize: 'speed',
          ddp: true,
          prescaled_batch: true,
          shard_optimizer_state: true,
        },
      },
      parallelism: { recompute: 'full' },
    },
  },
  {
    // Llama 3 has a vocabulary of 128,256: its head costs as much as several layers, and the device that has it is late
    // wherever layers are dealt out equally.
    question: 'Llama-3-70B, with its vocabulary of 128 thousand, on 16 p4d.24xlarge',
    job: {
      name: 'Llama-3-70B on 16 p4d.24xlarge',
      model: 'llama3-70b',
      cluster: { instance: 'ml.p4d.24xlarge', count: 16 },
      training: { sequenceLength: 4096, globalBatchSize: 128, precision: 'bf16' },
      smp: {
        parameters: {
          tensor_parallel_degree: 8,
          pipeline_parallel_degree: 8,
          microbatches: 32,
          optimize: 'speed',
          ddp: true,
          prescaled_batch: true,
          shard_optimizer_state: true,
          bf16: true,
        },
      },
      parallelism: { recompute: 'full' },
    },
  },
];

const print = (text: string) => process.stdout.write(`${text}\n`);
const percent = (part: number) => `${formatDecimal(100 * part, 1)}%`;

// 1. Each contest: the cuts side by side, then the stages that they make.
for (const { question, job } of contests) {
  const read = readJob(job);
  const { answers, refusals } = comparePartitioners(read);
  print(`# ${question}\n`);
  print(renderPartitions(read, answers, refusals));
}

// 2. What it comes to: how long a step takes with each, and how much of that the cut decides.
print('# What the cut decides\n');
print(
  renderTable(
    [
      { head: 'model' },
      { head: 'partitioner' },
      { head: 'step time', align: 'right' },
      { head: 'against the best', align: 'right' },
      { head: 'imbalance', align: 'right' },
      { head: 'memory', align: 'right' },
      { head: 'fits' },
    ],
    contests.flatMap(({ job }) => {
      const { answers } = comparePartitioners(readJob(job));
      const best = Math.min(...answers.map(({ report }) => report.stepTimeSeconds));
      return answers.map(({ report }) => [
        job.model,
        report.partition.partitioner,
        formatSeconds(report.stepTimeSeconds),
        `+${percent(report.stepTimeSeconds / best - 1)}`,
        percent(report.partition.imbalance),
        formatBytes(report.memory.peakBytes),
        report.fits ? 'yes' : 'no',
      ]);
    }),
  ),
);

print(
  'The module tree comes out nearly as even as the best cut, and is late all the same where stages are many: the head is\n' +
    "a sibling of the layers and stays on the tree's first device, so that every microbatch ends where it began, and what\n" +
    'one stage hands to the next goes through that device. With 10 microbatches in flight (stages + 2, the default) the\n' +
    'longer way round does not fill the pipeline.\n',
);

// 3. A fine cut: between any two operators rather than between layers. No stack can launch it, but it shows what is lost.
print('# Between operators rather than layers, by the exact partitioner\n');
print(
  renderTable(
    [
      { head: 'model' },
      { head: 'busiest device, layers', align: 'right' },
      { head: 'operators', align: 'right' },
      { head: 'step time, layers', align: 'right' },
      { head: 'operators', align: 'right' },
    ],
    contests.map(({ job }) => {
      const [layers, operators] = (['layer', 'operator'] as const).map((cutAt) => {
        const report = simulate(readJob({ ...job, parallelism: { ...job.parallelism, partitioner: 'exact', cutAt } }));
        const loads = report.memory.stages.map(({ stage }) =>
          report.partition.stages
            .filter((part) => part.stage === stage)
            .reduce((sum, part) => sum + part.forwardSeconds + part.backwardSeconds, 0),
        );
        return { load: formatSeconds(Math.max(...loads)), step: formatSeconds(report.stepTimeSeconds) };
      });
      return [job.model, layers!.load, operators!.load, layers!.step, operators!.step];
    }),
  ),
);

// 4. Models that are no chain: an encoder beside a decoder, a tower of images beside a tower of text. Each is a graph of
// operators, which foretrain reads as graphology writes it.

/** T5 1.1 XXL: 24 layers that read 512 tokens, 24 that write 114 (arXiv 1910.10683; google-research/text-to-text-transfer-transformer). */
function t5() {
  const { graph, add, handOn, product, norm, embed, attend, feedForward, residual } = drawGraph();
  const [width, inner, hidden, vocabulary] = [4096, 64 * 64, 10_240, 32_128];
  let x = embed('encoder.embedding', 512, vocabulary, width);
  for (let layer = 0; layer < 24; layer++) {
    const key = `encoder.${layer}`;
    x = residual(`${key}.attention`, x, (input) => attend(`${key}.attention`, input, input, inner));
    x = residual(`${key}.feed_forward`, x, (input) => feedForward(`${key}.feed_forward`, input, hidden, true));
  }
  let memory = norm('encoder.norm', x);
  let y = embed('decoder.embedding', 114, vocabulary, width);
  for (let layer = 0; layer < 24; layer++) {
    const key = `decoder.${layer}`;
    // The encoder's output goes from layer to layer, so that it crosses a cut once.
    memory = handOn(`${key}.memory`, memory);
    y = residual(`${key}.attention`, y, (input) => attend(`${key}.attention`, input, input, inner));
    y = residual(`${key}.cross`, y, (input) => attend(`${key}.cross`, input, memory, inner));
    y = residual(`${key}.feed_forward`, y, (input) => feedForward(`${key}.feed_forward`, input, hidden, true));
  }
  add('loss', [product('logits', norm('decoder.norm', y), vocabulary)], 2, 0);
  return graph;
}

/** OpenCLIP ViT-bigG/14: 48 layers for the 257 patches of an image, 32 for 77 tokens of text (mlfoundations/open_clip). */
function twoTowers() {
  const { graph, add, product, norm, embed, attend, feedForward, residual } = drawGraph();
  const tower = (name: string, tokens: number, layers: number, rows: number, width: number, hidden: number) => {
    let x = embed(`${name}.embedding`, tokens, rows, width);
    for (let layer = 0; layer < layers; layer++) {
      const key = `${name}.${layer}`;
      x = residual(`${key}.attention`, x, (input) => attend(`${key}.attention`, input, input, width));
      x = residual(`${key}.feed_forward`, x, (input) => feedForward(`${key}.feed_forward`, input, hidden, false));
    }
    const pooled = add(`${name}.pool`, [norm(`${name}.norm`, x)], width, 0);
    return product(`${name}.projection`, { ...pooled, tokens: 1 }, 1280);
  };
  const image = tower('image', 257, 48, 3 * 14 * 14, 1664, 8192);
  const text = tower('text', 77, 32, 49_408, 1280, 5120);
  add('contrastive_loss', [image, text], 2, 0);
  return graph;
}

/** The same graph, its operators listed in the order of the longest way that leads to them. */
function sideBySide({ nodes, edges }: { nodes: Node[]; edges: Edge[] }) {
  const depth = new Map(nodes.map(({ key }) => [key, 0]));
  for (const { key } of nodes) {
    for (const { source, target } of edges) {
      if (source === key) depth.set(target, Math.max(depth.get(target)!, depth.get(key)! + 1));
    }
  }
  return { nodes: nodes.toSorted((a, b) => depth.get(a.key)! - depth.get(b.key)!), edges };
}

const graphs = [
  {
    question: 'T5 1.1 XXL, an encoder and a decoder, on 4 p4d.24xlarge',
    model: { family: 'graph', name: 'T5 XXL', graph: t5() },
    training: { sequenceLength: 512 + 114, globalBatchSize: 512, precision: 'bf16' },
    cluster: { instance: 'p4d.24xlarge', count: 4 },
    stack: 'smp-v1',
    parallelism: { pipeline: 8, microBatchSize: 4, zeroStage: 1 },
  },
  {
    question: 'CLIP ViT-bigG, a tower for images and one for text, on one p4d.24xlarge',
    model: { family: 'graph', name: 'CLIP ViT-bigG', graph: twoTowers() },
    training: { sequenceLength: 257 + 77, globalBatchSize: 512, precision: 'bf16' },
    cluster: { instance: 'p4d.24xlarge', count: 1 },
    stack: 'smp-v1',
    parallelism: { pipeline: 8, microBatchSize: 8 },
  },
  {
    // The same model as a tracer lists it that walks both towers at once. Cut in that order, every stage has a part of
    // both towers and hands on the tensors of both.
    question: 'The same, its towers listed side by side',
    model: { family: 'graph', name: 'CLIP ViT-bigG', graph: sideBySide(twoTowers()) },
    training: { sequenceLength: 257 + 77, globalBatchSize: 512, precision: 'bf16' },
    cluster: { instance: 'p4d.24xlarge', count: 1 },
    stack: 'smp-v1',
    parallelism: { pipeline: 8, microBatchSize: 8 },
  },
];

for (const { question, ...job } of graphs) {
  print(`# ${question}\n`);
  const read = readJob(job);
  const { answers, refusals } = comparePartitioners(read);
  print(renderPartitions(read, answers, refusals));
}

print(
  'Exact keeps to the order in which the operators are listed: one tower after the other sends little, side by side most\n' +
    'cuts send tensors of both. Multilevel chooses the order as well. A less busy device comes first and fewer bytes second,\n' +
    'so that it may send more where that evens out the stages.',
);
