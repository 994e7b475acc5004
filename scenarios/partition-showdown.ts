/**
 * Who cuts a model best?
 *
 * Every pipeline begins with a decision that is easy to overlook: which layers go on which device. Megatron deals out
 * equal layers. SageMaker's model-parallel library walks the tree of modules and balances time and memory. foretrain
 * cuts where no other contiguous cut has a less busy device, within each device's memory. Four models, two clusters of
 * the years in which they were trained, one question: what does the cut itself decide?
 */
import { readJob, simulate } from '../src/index.ts';
import { comparePartitioners } from '../src/planner/comparePartitioners.ts';
import { renderPartitions, renderTable } from '../src/report/index.ts';
import { formatBytes, formatDecimal, formatSeconds } from '../src/units.ts';

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
