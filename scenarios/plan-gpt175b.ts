/**
 * What to book for GPT-3 175B: 300 billion tokens within 30 days, on the instances that AWS has for training.
 *
 * Everything about parallelism is left open, and so is the number of instances. Each kind of instance is asked by
 * itself, as accelerators of NVIDIA and Trainium run other software; the cheapest run that is over in time is the answer.
 * Change a count or the days below and run it again.
 */
import { ForetrainError, plan } from '../src/index.ts';
import { renderTable } from '../src/report/index.ts';
import { formatCount, formatDecimal, formatPercent, formatUsd } from '../src/units.ts';

const maximumDays = 30;

const training = { sequenceLength: 2048, globalBatchSize: 1536, precision: 'bf16', tokens: 300e9 };

// GPUs run Megatron-Core, whose tensor ranks stay on NVLink; stages and replicas are left open.
const onGpus = {
  stack: 'megatron-core',
  search: { tensor: [4, 8], context: [1], microBatchSize: [1, 2, 3, 4], offload: [{}], placement: ['PDT'] },
};
// Trainium runs NeuronX Distributed; 8 or 32 NeuronCores of an instance share a layer.
const onTrainium = {
  stack: 'neuronx-distributed',
  search: { tensor: [8, 32], context: [1], microBatchSize: [1, 2], placement: ['PDT'] },
};

const choices = [
  { instance: 'p4d.24xlarge', counts: [128, 192, 256], ...onGpus },
  { instance: 'p4de.24xlarge', counts: [128, 192, 256], ...onGpus },
  { instance: 'p5.48xlarge', counts: [48, 64, 96], ...onGpus },
  { instance: 'trn1.32xlarge', counts: [96, 128, 192], ...onTrainium },
  { instance: 'trn1n.32xlarge', counts: [96, 128, 192], ...onTrainium },
];

const print = (text: string) => process.stdout.write(text);

/** The cheapest run on one kind of instance that is over in time, or why there is none. */
async function cheapest({ instance, counts, stack, search }: (typeof choices)[number]): Promise<string[]> {
  try {
    const { plans, considered, simulated } = await plan(
      {
        model: 'gpt3-175b',
        clusters: [{ instance, counts }],
        stack,
        search,
        training,
        objective: 'usd',
        constraints: { maximumDays },
      },
      { top: 1 },
    );
    const [best] = plans;
    if (best?.run === undefined) return [instance, 'no plan'];
    const { parallelism, cluster } = best.job;
    const { tensor, pipeline, data } = parallelism;
    return [
      `${cluster.count} ${instance}`,
      `tensor ${tensor}, pipeline ${pipeline}, data ${data}, ${parallelism.schedule}`,
      formatPercent(best.report.mfu),
      formatDecimal(best.run.expectedDays, 1),
      best.run.usd === undefined ? '' : formatUsd(best.run.usd),
      `${formatCount(simulated)} of ${formatCount(considered)}`,
    ];
  } catch (error) {
    if (!(error instanceof ForetrainError)) throw error;
    return [instance, error.faults[0]?.message ?? ''];
  }
}

print(`GPT-3 175B, 300 billion tokens, on demand, within ${maximumDays} days\n\n`);
const rows: string[][] = [];
for (const choice of choices) rows.push(await cheapest(choice));
print(
  renderTable(
    [
      { head: 'cheapest booking' },
      { head: 'how', narrow: 'wrap' },
      { head: 'MFU', align: 'right' },
      { head: 'days', align: 'right' },
      { head: 'cost', align: 'right' },
      { head: 'simulated', align: 'right' },
    ],
    rows,
  ),
);
