import { isFlash } from '../../stack/stack.ts';
import type { Check } from '../draft.ts';

/** The attention kernel runs on this generation of accelerator: FlashAttention from Ampere on, its third version from Hopper on. */
export const kernels: Check = ({ input, stack, cluster }, faults) => {
  const accelerator = cluster.instance?.accelerator;
  if (stack === undefined || accelerator === undefined) return;
  const written = typeof input.stack === 'object' && input.stack.attention !== undefined;
  const path = written ? 'stack.attention' : 'stack';
  const { name, generation } = accelerator;
  if (generation === 'volta' && isFlash(stack.attention)) {
    const would = written ? 'fused-softmax or unfused would do' : 'megatron-2021, or attention fused-softmax, would do';
    faults.add(path, `${stack.attention} attention needs an Ampere GPU or a later one, which ${name} is not; ${would}`);
  }
  if (stack.attention === 'flash3' && (generation === 'ampere' || generation === 'ada')) {
    faults.add(path, `flash3 attention needs a Hopper GPU or a later one, which ${name} is not; flash2 would do`);
  }
};
