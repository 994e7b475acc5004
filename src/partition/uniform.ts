import { fail } from '../errors.ts';
import { equalEnds } from './start.ts';

/**
 * The ends of equal transformer layers, as Megatron launches them: the embedding goes with the first virtual stage, the
 * head with the last, and where the layers do not divide the first stages take one more each. Units are the embedding,
 * the layers and the head.
 *
 * @param stages virtual stages
 * @throws ForetrainError where there are fewer layers than virtual stages
 */
export function uniform(units: number, stages: number): Int32Array {
  const ends = equalEnds(units, stages);
  if (ends === undefined) {
    fail(
      'parallelism.partitioner',
      `uniform gives every virtual stage a transformer layer, and ${stages} virtual stages are more than ${units - 2} layers; use exact or fewer stages`,
    );
  }
  return ends;
}

/**
 * The ends of virtual stages whose transformer layers are given by hand, in model order; the embedding goes with the
 * first, the head with the last, and 0 leaves only those. Units are the embedding, the layers and the head.
 *
 * @throws ForetrainError where the counts do not match the virtual stages and layers, or leave a stage empty
 */
export function layers(units: number, stages: number, stageLayers: readonly number[]): Int32Array {
  const path = 'parallelism.stageLayers';
  const count = units - 2;
  if (stageLayers.length !== stages) {
    fail(path, `names ${stageLayers.length} virtual stages; the pipeline has ${stages}`);
  }
  const ends = new Int32Array(stages);
  let end = 1;
  for (const [stage, own] of stageLayers.entries()) {
    if (!Number.isInteger(own) || own < 0) fail(`${path}.${stage}`, `must be a whole number of layers, not ${own}`);
    const last = stage === stages - 1;
    if (own === 0 && stage > 0 && !last) {
      fail(`${path}.${stage}`, 'leaves the virtual stage empty; only the first and the last may have no layer');
    }
    end += own;
    ends[stage] = end + (last ? 1 : 0);
  }
  if (end !== count + 1) fail(path, `sums to ${end - 1} layers; the model has ${count}`);
  return ends;
}
