import type { ModelSpec } from '../../graph/model.ts';
import { commonDivisor, divisors } from '../divisors.ts';
import type { Check } from '../draft.ts';
import { counted, listedCounts, shown } from '../words.ts';

/** Tensor parallelism cuts heads and matrices into equal parts; fewer key–value heads than ranks are replicated. */
export const tensor: Check = ({ model, parallelism }, faults) => {
  const { tensor: degree } = parallelism;
  if (model === undefined || degree === undefined) return;
  const uncut = whatStaysWhole(model, degree);
  if (uncut === undefined) return;
  const common = commonDivisor(model.attentionHeads, commonDivisor(model.hiddenSize, model.feedForwardSize));
  const would = divisors(common).filter((candidate) => whatStaysWhole(model, candidate) === undefined);
  const verb = would.length === 1 ? 'does' : 'do';
  faults.add('parallelism.tensor', `${shown(degree)} does not divide ${uncut}; ${listedCounts(would)} ${verb}`);
};

/** What of the model cannot be cut into this many equal parts. */
function whatStaysWhole(model: ModelSpec, degree: number): string | undefined {
  const { attentionHeads, keyValueHeads, hiddenSize, feedForwardSize } = model;
  if (attentionHeads % degree !== 0) return `the ${counted(attentionHeads, 'attention head')}`;
  if (keyValueHeads % degree !== 0 && degree % keyValueHeads !== 0) {
    return `the ${counted(keyValueHeads, 'key–value head')}, nor is it a multiple of them`;
  }
  if (hiddenSize % degree !== 0) return `the hidden size of ${shown(hiddenSize)}`;
  if (feedForwardSize % degree !== 0) return `the feed-forward size of ${shown(feedForwardSize)}`;
  return undefined;
}
