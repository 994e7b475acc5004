import { intervalOf, nearestRuns, type RunFeatures } from '../evidence/index.ts';
import type { Job } from '../job/job.ts';
import type { NearestRun } from './report.ts';

/** What published runs say about a forecast. */
export interface EvidenceFound {
  readonly nearest: readonly NearestRun[];
  readonly stepTimeSecondsRange?: readonly [number, number];
  readonly warnings: readonly string[];
}

/** A job as published runs are described. */
export function featuresOf({ model, cluster, stack, training, parallelism }: Job): RunFeatures {
  const { accelerator } = cluster.instance;
  const { degrees, virtualStages, zeroStage, recompute, microBatchSize } = parallelism;
  return {
    accelerator: accelerator.name,
    generation: accelerator.generation,
    vendor: accelerator.vendor,
    stack: stack.name,
    precision: training.precision,
    recompute: recompute.mode,
    tensor: degrees.tensor,
    pipeline: degrees.pipeline,
    data: degrees.data,
    context: degrees.context,
    virtualStages,
    zeroStage: degrees.data * degrees.context > 1 ? zeroStage : 0,
    devices: cluster.devices,
    hiddenSize: model.hiddenSize,
    layers: model.layers,
    sequenceLength: training.sequenceLength,
    globalBatchSize: training.globalBatchSize,
    microBatchSize,
  };
}

/** The three published runs most like the job, and where its own step time will lie nine times in ten. */
export function evidenceFor(job: Job, stepTimeSeconds: number): EvidenceFound {
  if (job.model.graph !== undefined) {
    return {
      nearest: [],
      warnings: ['No published run is of a model given as a graph: nothing says how far off this forecast is.'],
    };
  }
  const features = featuresOf(job);
  const { rows, near } = nearestRuns(features);
  const interval = intervalOf(features);
  const { accelerator, stack } = features;
  return {
    nearest: rows.map(({ id, source, measuredSeconds, predictedSeconds }) => ({
      id,
      source,
      measuredSeconds,
      predictedSeconds,
      error: predictedSeconds / measuredSeconds - 1,
    })),
    ...(interval === undefined
      ? {}
      : { stepTimeSecondsRange: [interval.low * stepTimeSeconds, interval.high * stepTimeSeconds] as const }),
    warnings: near
      ? []
      : [
          `No published run is near this one (${accelerator} with ${stack}): nothing says how far off this forecast is.`,
        ],
  };
}
