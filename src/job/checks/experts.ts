import type { Check } from '../draft.ts';
import { shown } from '../words.ts';

/** Expert ranks are taken from data, context and tensor ranks. */
export const experts: Check = ({ parallelism }, faults) => {
  const { expert, expertTensor, data, context, tensor } = parallelism;
  if (expert === undefined || expertTensor === undefined) return;
  if (data === undefined || context === undefined || tensor === undefined) return;
  if (faults.names('parallelism.expert') || faults.names('parallelism.expertTensor')) return;
  const ranks = expert * expertTensor;
  const among = data * context * tensor;
  if (among % ranks === 0) return;
  const product = `expert ${shown(expert)} · expertTensor ${shown(expertTensor)} = ${shown(ranks)}`;
  const message = `${product} does not divide data · context · tensor = ${shown(among)}; 1 does`;
  faults.add(expert === 1 ? 'parallelism.expertTensor' : 'parallelism.expert', message);
};
