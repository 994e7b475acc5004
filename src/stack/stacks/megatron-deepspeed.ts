import type { Stack } from '../stack.ts';
import { megatron2021 } from './megatron-2021.ts';

/** Megatron-DeepSpeed: Megatron's kernels on DeepSpeed's pipeline engine, with nothing hidden under anything. */
export const megatronDeepspeed: Stack = {
  ...megatron2021,
  name: 'megatron-deepspeed',
  summary: "Megatron's kernels on DeepSpeed's pipeline engine",
  tensorOverlap: 'none',
  gradientReduceDtype: 'fp32',
  scattersPipelineTransfers: true,
  sources: {
    ...megatron2021.sources,
    kernels: 'R: bigscience-workshop/Megatron-DeepSpeed, fused_kernels/',
    tensorOverlap: 'D: arXiv 2312.12391 and BLOOM timings leave no room for overlap',
    pipelineTransfers: 'V: DeepSpeed runtime/pipe/schedule.py: blocking pairs of send and receive',
  },
};
