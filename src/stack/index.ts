import type { Stack } from './stack.ts';
import { alephAlphaScaling } from './stacks/aleph-alpha-scaling.ts';
import { deepspeed } from './stacks/deepspeed.ts';
import { fsdp1 } from './stacks/fsdp1.ts';
import { fsdp2 } from './stacks/fsdp2.ts';
import { megatron2021 } from './stacks/megatron-2021.ts';
import { megatron2023 } from './stacks/megatron-2023.ts';
import { megatronCore } from './stacks/megatron-core.ts';
import { megatronDeepspeed } from './stacks/megatron-deepspeed.ts';
import { neuronxDistributed } from './stacks/neuronx-distributed.ts';
import { smpV1 } from './stacks/smp-v1.ts';
import { smpV2 } from './stacks/smp-v2.ts';

/** Every stack, in the order that lists show. */
export const stacks: readonly Stack[] = [
  megatron2021,
  megatron2023,
  megatronCore,
  megatronDeepspeed,
  alephAlphaScaling,
  deepspeed,
  fsdp1,
  fsdp2,
  smpV1,
  smpV2,
  neuronxDistributed,
];

/** The stack of that name, or undefined. */
export function findStack(name: string): Stack | undefined {
  return stacks.find((stack) => stack.name === name);
}
