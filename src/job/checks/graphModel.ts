import type { Check } from '../draft.ts';
import { shown } from '../words.ts';

/** What a model given as a graph does not say: how its operators are split, and which of them make up layers. */
export const graphModel: Check = ({ model, parallelism }, faults) => {
  if (model?.graph === undefined) return;
  const refuse = (field: string, subject: string, would: string) => {
    const path = `parallelism.${field}`;
    if (!faults.names(path)) {
      faults.add(path, `${subject} is not modelled for a model given as a graph; ${would}`, 'not-modelled');
    }
  };
  const { tensor, context, recompute, partitioner, offload } = parallelism;
  if (tensor !== undefined && tensor > 1) refuse('tensor', shown(tensor), '1 is');
  if (context !== undefined && context > 1) refuse('context', shown(context), '1 is');
  if (recompute !== undefined && recompute.mode !== 'none') refuse('recompute', recompute.mode, 'none is');
  if (partitioner !== undefined && partitioner.kind !== 'exact' && partitioner.kind !== 'multilevel') {
    refuse('partitioner', partitioner.kind, 'exact and multilevel are');
  }
  if (offload !== undefined && offload.activations > 0) refuse('offload.activations', 'it', 'false is');
};
