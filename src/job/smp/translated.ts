import type { ParallelismInput } from '../schema/parallelism.ts';
import type { InlineStack } from '../schema/stack.ts';

/** What the job says of where it runs, as far as the parameters need it. */
export interface SmpPlace {
  readonly instance: string | undefined;
  readonly count: number | undefined;
  readonly devices: number | undefined;
  readonly globalBatchSize: number | undefined;
}

/** SMP parameters in foretrain's own words. */
export interface Translated {
  readonly parallelism: ParallelismInput;
  /** What differs in the stack. */
  readonly stack: InlineStack;
  /** What the library would choose here and foretrain forecasts otherwise, in sentences. */
  readonly notes: readonly string[];
}
