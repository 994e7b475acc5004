import { attentionCoreFlops, layerForwardFlops, logitsForwardFlops, modelFlops } from '../graph/flops.ts';
import type { Price } from '../hardware/instance.ts';
import { peakFlopsPerSecond } from '../hardware/kernels/matmul.ts';
import type { Cluster, Job } from '../job/job.ts';
import type { TrainingReport } from './report.ts';
import { endRecompute, layerRecompute } from './stageProfile.ts';

/** How well the devices are used: model FLOPs, and with recomputation, over the dense peak of the job's precision. */
export function utilisation(job: Job, stepTimeSeconds: number) {
  const { model, training, cluster } = job;
  const sequences = training.globalBatchSize;
  const flops = modelFlops(model, training.sequenceLength) * sequences;
  const peak = peakFlopsPerSecond(cluster.instance.accelerator, training.precision) * cluster.devices;
  const modelFlopsPerSecondPerDevice = flops / stepTimeSeconds / cluster.devices;
  const again = recomputedFlops(job) * sequences;
  return {
    modelFlopsPerSecondPerDevice,
    mfu: flops / stepTimeSeconds / peak,
    hfu: (flops + again) / stepTimeSeconds / peak,
  };
}

/** FLOPs of one sequence that the backward pass computes a second time. */
function recomputedFlops(job: Job): number {
  const { model, training, parallelism } = job;
  const perStage = Math.ceil(model.layers / (parallelism.degrees.pipeline * parallelism.virtualStages));
  const logits = endRecompute(job, parallelism.recompute, { kind: 'head' }) === 'full';
  let flops = logits ? logitsForwardFlops(model, training.sequenceLength) : 0;
  for (let layer = 0; layer < model.layers; layer++) {
    const mode = layerRecompute(parallelism.recompute, layer, layer % perStage);
    if (mode === 'full' || mode === 'inner') flops += layerForwardFlops(model, training.sequenceLength);
    else if (mode === 'selective') flops += attentionCoreFlops(model, training.sequenceLength);
  }
  return flops;
}

const hourSeconds = 3600;

/** The newest on-demand price of the instance, or the job's own. */
export function priceOf(cluster: Cluster): Price | undefined {
  if (cluster.usdPerHour !== undefined) {
    return { usdPerHour: cluster.usdPerHour, date: 'job', source: 'given in the job' };
  }
  return cluster.instance.onDemand[0];
}

/** The whole run: steps, days, dollars and energy of the accelerators; undefined where the job names no length. */
export function trainingReport(job: Job, stepTimeSeconds: number): TrainingReport | undefined {
  const { training, cluster } = job;
  const tokensPerStep = training.globalBatchSize * training.sequenceLength;
  const steps =
    training.steps ?? (training.tokens === undefined ? undefined : Math.ceil(training.tokens / tokensPerStep));
  if (steps === undefined) return undefined;
  const timeToTrainSeconds = steps * stepTimeSeconds;
  const hours = timeToTrainSeconds / hourSeconds;
  const price = priceOf(cluster);
  const watts = cluster.instance.accelerator.powerWatts;
  const usdPerHour = price === undefined ? undefined : price.usdPerHour * cluster.count;
  return {
    steps,
    timeToTrainSeconds,
    ...(price === undefined || usdPerHour === undefined
      ? {}
      : { usd: usdPerHour * hours, usdPerHour, priceDate: price.date }),
    ...(watts === undefined ? {} : { energyKilowattHours: (watts * cluster.devices * hours) / 1000 }),
  };
}
