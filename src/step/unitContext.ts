import type { Accelerator } from '../hardware/accelerator.ts';
import type { Group } from '../hardware/collectives/index.ts';
import type { KernelChoice } from '../hardware/kernels/choice.ts';
import type { Stack } from '../stack/stack.ts';

/** Where and with what a unit runs. */
export interface UnitContext {
  readonly accelerator: Accelerator;
  readonly stack: Stack;
  readonly choice: KernelChoice;
  readonly tensorGroup: Group;
  readonly contextGroup: Group;
  /** Whether weight gradients wait for a pass of their own. */
  readonly splitsBackward: boolean;
  /** Sequences of a microbatch. */
  readonly sequences: number;
}
