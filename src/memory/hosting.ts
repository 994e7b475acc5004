import type { ModelSpec } from '../graph/model.ts';
import { parameterCount } from '../graph/parameters.ts';
import type { Instance } from '../hardware/instance.ts';

/** Whether a model can be held for inference by one instance, all ranks sharing it; bytes of the whole instance. */
export interface Hosting {
  readonly fits: boolean;
  readonly weightsBytes: number;
  /** Keys and values of one token in all layers. */
  readonly cacheBytesPerToken: number;
  readonly cacheBytes: number;
  readonly capacityBytes: number;
  /** Tokens, of all requests together, whose keys and values fit beside the weights. */
  readonly mostTokens: number;
}

/** Bytes of an element of a weight, a key or a value: 16 bits. */
const elementBytes = 2;

/**
 * Holds a model's weights and a key–value cache against the memory of an instance, nothing more: no activations, no
 * batching, no speed. Where there are more ranks than key–value heads each of these is held more than once.
 * @param tokens of all requests together
 */
export function hosting(model: ModelSpec, instance: Instance, tokens: number): Hosting {
  const { layers, keyValueHeads, headSize } = model;
  const heldHeads = Math.max(keyValueHeads, instance.ranks);
  const weightsBytes = elementBytes * parameterCount(model);
  const cacheBytesPerToken = 2 * layers * heldHeads * headSize * elementBytes;
  const cacheBytes = cacheBytesPerToken * tokens;
  const capacityBytes = instance.ranks * instance.accelerator.usableMemoryBytes;
  return {
    fits: weightsBytes + cacheBytes <= capacityBytes,
    weightsBytes,
    cacheBytesPerToken,
    cacheBytes,
    capacityBytes,
    mostTokens: Math.max(0, Math.floor((capacityBytes - weightsBytes) / cacheBytesPerToken)),
  };
}
