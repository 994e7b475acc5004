import type { Chain } from './chain.ts';
import { chunkBytes, chunkSeconds, chunkTransientBytes } from './chunk.ts';

/** What the other chunks of some stages' devices bring: one entry a stage that is being cut. */
export interface Others {
  readonly otherSeconds: Float64Array;
  readonly otherBytes: Float64Array;
  readonly otherTransientBytes: Float64Array;
}

/** Cuts under search, with what each virtual stage carries. */
export class Carried {
  readonly chain: Chain;
  readonly ends: Int32Array;
  readonly #seconds: Float64Array;
  readonly #bytes: Float64Array;
  readonly #transientBytes: Float64Array;

  constructor(chain: Chain, ends: Int32Array) {
    this.chain = chain;
    this.ends = ends;
    this.#seconds = new Float64Array(chain.virtualStages);
    this.#bytes = new Float64Array(chain.virtualStages);
    this.#transientBytes = new Float64Array(chain.virtualStages);
    this.measure(0, chain.virtualStages);
  }

  /** The position where a stage begins. */
  begin(stage: number): number {
    return stage === 0 ? 0 : this.ends[stage - 1];
  }

  /** Takes note of new cuts of some successive stages. */
  measure(fromStage: number, toStage: number): void {
    for (let stage = fromStage; stage < toStage; stage++) {
      const from = this.begin(stage);
      const to = this.ends[stage];
      this.#seconds[stage] = chunkSeconds(this.chain, stage, from, to);
      this.#bytes[stage] = chunkBytes(this.chain, stage, from, to);
      this.#transientBytes[stage] = chunkTransientBytes(this.chain, from, to);
    }
  }

  /** Sums the chunks of a stage's device but for the stage itself, and one more. */
  gather(others: Others, index: number, stage: number, except = stage): void {
    const { group, members, memberStart } = this.chain;
    let seconds = 0;
    let bytes = 0;
    let transient = 0;
    for (let i = memberStart[group[stage]]; i < memberStart[group[stage] + 1]; i++) {
      const other = members[i];
      if (other === stage || other === except) continue;
      seconds += this.#seconds[other];
      bytes += this.#bytes[other];
      if (this.#transientBytes[other] > transient) transient = this.#transientBytes[other];
    }
    others.otherSeconds[index] = seconds;
    others.otherBytes[index] = bytes;
    others.otherTransientBytes[index] = transient;
  }
}
