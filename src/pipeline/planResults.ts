import { oncePerObject } from '../keep.ts';
import { BoundedCache } from './boundedCache.ts';
import type { PipelinePlan } from './pipelinePlan.ts';

interface Known<T> {
  readonly numbers: Float64Array;
  readonly result: T;
}

let plansNumbered = 0;
const numberOf = oncePerObject((_: PipelinePlan) => plansNumbered++);

/**
 * What was worked out lately from plans and numbers, given again for the same numbers: jobs that differ in nothing that
 * a plan's tasks feel share it.
 */
export class PlanResults<T> {
  readonly #known: BoundedCache<Known<T>>;

  /**
   * @param mostResults results kept
   * @param mostSize sizes kept over all of them
   */
  constructor(mostResults: number, mostSize: number) {
    this.#known = new BoundedCache(mostResults, mostSize);
  }

  /**
   * The result for a plan and numbers.
   * @param numbers all that the result depends on besides the plan; kept
   * @param size of the result, in any unit
   */
  get(plan: PipelinePlan, numbers: Float64Array, size: number, workOut: () => T): T {
    const key = `${numberOf(plan)} ${hashOf(numbers)}`;
    const known = this.#known.get(key);
    if (known !== undefined && areEqual(known.numbers, numbers)) return known.result;
    const result = workOut();
    this.#known.set(key, { numbers, result }, size);
    return result;
  }
}

/** A number that lists of numbers which differ hardly ever share (FNV-1a over their words). */
function hashOf(numbers: Float64Array): number {
  const words = new Int32Array(numbers.buffer, numbers.byteOffset, 2 * numbers.length);
  let hash = 0x811c9dc5;
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i], 0x01000193);
  return hash;
}

function areEqual(one: Float64Array, other: Float64Array): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}
