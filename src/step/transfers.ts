import { collectiveSeconds, groupOf, pointToPointSeconds } from '../hardware/collectives/index.ts';
import type { Job } from '../job/job.ts';
import { once } from '../keep.ts';
import type { RankLayout } from '../partition/placement.ts';
import { deviceOf, isDeviceMap, virtualStageCount } from '../pipeline/placement.ts';
import type { PipelineShape, Schedule, StagePlacement } from '../pipeline/schedule.ts';
import type { TransferMode } from '../stack/stack.ts';
import { transferWaitSeconds } from './hostWait.ts';

/**
 * When transfers hold up the devices at their ends: as the stack does, but schedules that split the backward pass come
 * with runtimes of their own, which post sends and receives ahead.
 * @source sail-sg/zero-bubble-pipeline-parallelism runtime.py; deepseek-ai/DualPipe
 */
export function transferMode(job: Job, schedule: Schedule): TransferMode {
  return schedule.splitsBackward && job.stack.pipelineTransfers === 'blocking' ? 'link' : job.stack.pipelineTransfers;
}

/**
 * Seconds that the tensors of one microbatch need from virtual stage s to s + 1, for every s.
 * Where a device map leads them through other devices, each hop takes its time.
 * Where the stack scatters them among the tensor ranks, each sends its part and they gather it again; outputs that a
 * stage keeps are kept scattered, and gathered with the gradients that come back.
 * Where its host waits for a transfer, the device stands still until work reaches it again.
 * @source DeepSpeed runtime/pipe/engine.py, _exec_backward_pass: kept outputs are gathered again
 */
export function transferSeconds(
  job: Job,
  layout: RankLayout,
  placement: StagePlacement,
  shape: PipelineShape,
  boundaryBytes: (stage: number) => number,
): Float64Array {
  const { instance, devices } = job.cluster;
  const { degrees, microBatchSize } = job.parallelism;
  const { tensor, pipeline, sequenceParallel } = degrees;
  const scattered = job.stack.scattersPipelineTransfers && tensor > 1 && !sequenceParallel;
  // One forward, and one or two backward.
  const gathersEachWay = job.stack.keepsPipelineOutputs ? 3 / 2 : 1;
  const tensorGroup = groupOf(instance, tensor, layout.tensor, devices);
  const nodeOf = (stage: number) => Math.floor((stage * layout.pipeline) / instance.ranks);
  const hopOf = (crosses: boolean) =>
    once((bytes: number) => {
      const gather = scattered ? gathersEachWay * collectiveSeconds('all-gather', bytes, tensorGroup) : 0;
      const [nodes, ranksPerNode] = crosses ? [2, 1] : [1, 2];
      const pair = { instance, ranks: 2, nodes, ranksPerNode, stride: layout.pipeline };
      return gather + pointToPointSeconds(scattered ? bytes / tensor : bytes, pair, layout.pipeline);
    });
  const [inside, across] = [hopOf(false), hopOf(true)];
  const hopSeconds = (bytes: number, from: number, to: number): number =>
    nodeOf(from) === nodeOf(to) ? inside(bytes) : across(bytes);
  const hostSeconds = transferWaitSeconds(job.stack, shape.virtualStages > 1);
  const seconds = new Float64Array(virtualStageCount(placement, shape) - 1);
  for (let s = 0; s < seconds.length; s++) {
    const from = deviceOf(placement, pipeline, s);
    const to = deviceOf(placement, pipeline, s + 1);
    if (from === to) continue;
    const through = isDeviceMap(placement) ? (placement.through?.[s] ?? []) : [];
    const stops = [from, ...through, to];
    const bytes = boundaryBytes(s) * microBatchSize;
    seconds[s] = hostSeconds;
    for (let hop = 1; hop < stops.length; hop++) seconds[s] += hopSeconds(bytes, stops[hop - 1], stops[hop]);
  }
  return seconds;
}
