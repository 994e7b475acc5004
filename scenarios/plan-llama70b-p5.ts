/**
 * Llama 3 70B on p5.48xlarge: how time, money and devices trade against one another, and what the batch has to do with it.
 *
 * The same 1.5 trillion tokens on 32, 64 and 128 instances, booked as Capacity Blocks, which go by whole days up to 14
 * and by weeks from there: the run that is faster is not always the one that costs less. With more instances each replica
 * has less of the batch to fill its pipeline with; a larger batch gives it back, where the model still learns as much from
 * it. Steps of different batches are compared by their tokens. Failures are those of Llama 3's own training (arXiv
 * 2407.21783 section 3.3.4), which the planner takes where nobody says otherwise.
 */
import { plan } from '../src/index.ts';
import { renderPlan } from '../src/report/index.ts';

const answer = await plan(
  {
    model: 'llama3-70b',
    clusters: [{ instance: 'p5.48xlarge', counts: [32, 64, 128] }],
    stack: 'megatron-core',
    training: { sequenceLength: 8192, globalBatchSize: [512, 1024, 2048], precision: 'bf16', tokens: 1.5e12 },
    search: { context: [1, 2], placement: ['PDT'], offload: [{}], microBatchSize: [1, 2] },
    purchase: 'capacityBlock',
    objective: 'usd',
    reliability: { asynchronousCheckpoints: true },
  },
  { top: 3 },
);
process.stdout.write(renderPlan(answer));
