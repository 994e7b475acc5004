import { unfusedBytesPerScore } from './operator.ts';
import type { UnitBuilder } from './unitBuilder.ts';

/** Bytes a score of attention that writes its scores to memory. */
export interface ScoreTraffic {
  /** Kept for the backward pass. */
  readonly kept: number;
  /** Read and written by all kernels, those of the two products included. */
  readonly forward: number;
  readonly backward: number;
  /** Of one of the gradients on either side of the softmax. */
  readonly gradient: number;
}

const fp32Bytes = 4;
/** One byte of dropout's mask. */
const maskBytes = 1;
/** A random number, written and read before it decides upon a score. */
const randomBytes = 8;

/** Dropout reads and writes a score each way, and its mask. */
const dropoutBytes = (element: number) => 2 * element + maskBytes;

/** What crosses memory and stays in it, as the stack's kernels divide the steps between the two products of attention. */
export function scoreTraffic({
  stack,
  model,
  sharding,
}: Pick<UnitBuilder, 'stack' | 'model' | 'sharding'>): ScoreTraffic {
  const dropout = model.dropout > 0;
  const fused = stack.attention === 'fused-softmax' && (!dropout || stack.fusesSoftmaxBeforeDropout);
  // Megatron's GPT scales within the first product; models of Hugging Face divide afterwards.
  const scales = model.family !== 'gpt';
  if (!fused && stack.compiled) return ofCompiledSteps(sharding.elementBytes, dropout, scales);
  return fused
    ? ofFusedSoftmax(sharding.elementBytes, dropout, stack.fusedSoftmaxBytes)
    : ofSeparateKernels(sharding.elementBytes, dropout);
}

/**
 * One kernel scales, masks and takes the softmax. Scores are written and read, probabilities written and read; backward,
 * their gradient is written, the softmax reads both and writes that of the scores, which two products read, and the
 * third reads the probabilities. Dropout reads and writes once more each way, and its mask.
 */
function ofFusedSoftmax(element: number, dropout: boolean, keptBytes: number): ScoreTraffic {
  const ofDropout = dropout ? dropoutBytes(element) : 0;
  return {
    kept: dropout ? 2 * element + maskBytes : (keptBytes / 2) * element,
    forward: 4 * element + ofDropout,
    backward: 7 * element + ofDropout,
    gradient: element,
  };
}

/** The same by kernels that also scale, mask and convert to fp32 and back, each in a pass of its own. */
function ofSeparateKernels(element: number, dropout: boolean): ScoreTraffic {
  const { forward, backward } = ofFusedSoftmax(element, dropout, element);
  return {
    kept: fp32Bytes + element + (dropout ? maskBytes : 0),
    forward: forward + unfusedBytesPerScore.forward,
    backward: backward + unfusedBytesPerScore.backward,
    gradient: fp32Bytes,
  };
}

/**
 * A compiled graph whose steps are kernels of their own, all in the format of the model: scaling and masking read and
 * write; the softmax reads for the maximum, reads and writes exponentials, reads for the sum, reads and writes quotients.
 * Backward, the softmax reads its gradient and output and writes their product, reads it for the sum, reads and writes a
 * difference, reads that and its output and writes; scaling reads and writes.
 * @source counted on the graph of AWS's BERT script for Trainium (kahfizulkifli/GraphHelper, bert_dp_graph_5)
 */
function ofCompiledSteps(element: number, dropout: boolean, scales: boolean): ScoreTraffic {
  const products = { forward: 2 * element, backward: 4 * element };
  const scaling = scales ? 2 * element : 0;
  const masking = 2 * element;
  const softmax = { forward: 6 * element, backward: 9 * element };
  const ofDropout = dropout ? dropoutBytes(element) : 0;
  return {
    kept: element + (dropout ? element + maskBytes : 0),
    forward:
      products.forward + scaling + masking + softmax.forward + (dropout ? ofDropout + randomBytes + maskBytes : 0),
    backward: products.backward + scaling + softmax.backward + ofDropout,
    gradient: element,
  };
}
