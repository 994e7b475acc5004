import { collectiveSeconds, groupOf } from '../hardware/collectives/index.ts';
import type { Job } from '../job/job.ts';
import type { RankLayout } from '../partition/placement.ts';
import type { UnitProfile } from './stageProfile.ts';

/** The largest magnitudes of a linear's input, weight and output, or of their gradients, in fp32. */
const bytesPerLinear = 3 * 4;

/**
 * What agreeing on scales adds to every pass of a stage: with delayed scaling all ranks that hold the stage's layers,
 * data replicas included, end each of its passes with the maximum of what they saw.
 * @source NVIDIA/TransformerEngine transformer_engine/pytorch/fp8.py reduce_and_update_fp8_tensors; Megatron-LM
 * core/parallel_state.py get_amax_reduction_group (tensor, context and data ranks)
 */
export function scaleExchangeSeconds(job: Job, layout: RankLayout): (profiles: readonly UnitProfile[]) => number {
  const { stack, training, cluster } = job;
  const { tensor, context, data, pipeline } = job.parallelism.degrees;
  const ranks = tensor * context * data;
  if (!stack.exchangesScales || training.precision !== 'fp8' || stack.precisionRecipe !== 'delayed' || ranks === 1) {
    return () => 0;
  }
  // The ranks of other stages lie between them, as many as there are stages on one instance.
  const stages = Math.min(pipeline, Math.max(1, Math.floor(cluster.instance.ranks / layout.pipeline)));
  const group = groupOf(cluster.instance, ranks, stages, cluster.devices);
  return (profiles) => {
    let linears = 0;
    for (const { unit } of profiles) {
      if (unit.kind !== 'layer') continue;
      for (const { kind } of unit.operators) if (kind === 'matmul') linears += 1;
    }
    return linears === 0 ? 0 : collectiveSeconds('all-reduce', linears * bytesPerLinear, group);
  };
}
