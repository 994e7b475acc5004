import { normIsPersistent } from '../stack/persistentNorm.ts';
import type { Stack } from '../stack/stack.ts';
import type { Unit } from './computeGraph.ts';
import type { ModelSpec } from './model.ts';
import type { Gemm, Operator, OperatorEdge } from './operator.ts';

/** How one rank's share is cut out of the model. */
export interface Sharding {
  readonly tensor: number;
  readonly context: number;
  readonly sequenceParallel: boolean;
  readonly sequenceLength: number;
  /** Bytes of an activation element. */
  readonly elementBytes: number;
}

/** What an operator does not say is nothing: no parameters, no work, nothing saved. */
type Draft = Pick<Operator, 'kind' | 'module' | 'outputBytes'> & Partial<Operator>;

/**
 * Bytes an element that an RMSNorm moves which is written out in PyTorch, `x.float()` multiplied by the inverse root of
 * the mean of its squares, cast back and multiplied by the weight; and its kernels, those for a number a row included.
 * @source counted kernel by kernel through autograd; pairs of runs with and without a fused norm (arXiv 2311.05610)
 */
function writtenOutRmsNorm(element: number) {
  return { forward: 28 + 4 * element, backward: 76 + 8 * element, kernels: { forward: 8, backward: 16 } };
}

/** Grows one unit operator by operator, with the sizes that they all share. */
export class UnitBuilder {
  readonly model: ModelSpec;
  readonly stack: Stack;
  readonly sharding: Sharding;
  /** Tokens of one sequence on this rank. */
  readonly tokens: number;
  /** The same between tensor-parallel regions, where sequence parallelism splits them further. */
  readonly ownTokens: number;
  /** The same of the input that a linear keeps where all tensor ranks need it whole. */
  readonly savedTokens: number;
  /** Nothing fuses what lies between products: it runs as the plain kernels that a framework has. */
  readonly eager: boolean;
  readonly #operators: Operator[] = [];
  readonly #edges: OperatorEdge[] = [];

  constructor(model: ModelSpec, stack: Stack, sharding: Sharding) {
    this.model = model;
    this.stack = stack;
    this.sharding = sharding;
    this.tokens = sharding.sequenceLength / sharding.context;
    this.ownTokens = this.tokens / (sharding.sequenceParallel ? sharding.tensor : 1);
    this.savedTokens = stack.keepsGatheredInputs ? this.tokens : this.ownTokens;
    this.eager = !stack.fusedElementwise && !stack.compiled;
  }

  add(inputs: readonly number[], draft: Draft): number {
    const { parameters = 0, wholeParameters = parameters, forwardFlops = 0, backwardFlops = 0 } = draft;
    const { readBytes = 0, writeBytes = 0, backwardBytes = 0, saved = [] } = draft;
    const index = this.#operators.length;
    for (const from of inputs) {
      const bytes =
        from < 0
          ? this.ownTokens * this.model.hiddenSize * this.sharding.elementBytes
          : this.#operators[from]!.outputBytes;
      this.#edges.push({ from, to: index, bytes });
    }
    this.#operators.push({
      ...draft,
      parameters,
      wholeParameters,
      forwardFlops,
      backwardFlops,
      readBytes,
      writeBytes,
      backwardBytes,
      saved,
    });
    return index;
  }

  /**
   * The common part of a linear: its FLOPs, its input of so many elements kept for the weight gradient, and the pass
   * over its output's gradient that sums up the bias gradient. Of linears that read the same input it is the `index`-th,
   * and the first of them keeps it.
   */
  matmul(module: string, gemm: Gemm, savedElements: number, bias = false, index = 0) {
    const { elementBytes } = this.sharding;
    const flops = 2 * gemm.m * gemm.n * gemm.k;
    return {
      kind: 'matmul',
      module,
      gemm,
      forwardFlops: flops,
      backwardFlops: 2 * flops,
      backwardBytes: bias ? gemm.m * gemm.n * elementBytes : 0,
      mergedGradientBytes: this.#mergedGradientBytes(index, gemm.m * gemm.k),
      outputBytes: gemm.m * gemm.n * elementBytes,
      saved:
        savedElements > 0 && index === 0
          ? [{ name: `input of ${module}`, bytes: savedElements * elementBytes, core: false }]
          : [],
    } as const;
  }

  norm(input: number, module: string): number {
    const { hiddenSize, norm } = this.model;
    const { elementBytes } = this.sharding;
    const elements = this.ownTokens * hiddenSize;
    const bytes = elements * elementBytes;
    const layernorm = norm === 'layernorm';
    const writtenOut = !layernorm && !this.stack.fusedNorm && !this.stack.compiled;
    const moved = writtenOut
      ? writtenOutRmsNorm(elementBytes)
      : { forward: 2 * elementBytes, backward: (normIsPersistent(this.stack, hiddenSize) ? 3 : 5) * elementBytes };
    return this.add([input], {
      kind: 'norm',
      module,
      parameters: layernorm ? 2 * hiddenSize : hiddenSize,
      readBytes: (moved.forward / 2) * elements,
      writeBytes: (moved.forward / 2) * elements,
      backwardBytes: moved.backward * elements,
      ...('kernels' in moved ? { kernels: moved.kernels } : {}),
      outputBytes: bytes,
      saved: [
        // Written out in fp32 it keeps two fp32 tensors besides.
        { name: 'input of the norm', bytes: bytes + (writtenOut ? 8 * elements : 0), core: false },
        { name: 'statistics of the norm', bytes: (layernorm ? 8 : 4) * this.ownTokens, core: false },
      ],
    });
  }

  /** A dropout of its own, or only its mask where the addition after it does the work. */
  dropout(input: number, module: string, fused = false): number {
    const elements = this.ownTokens * this.model.hiddenSize;
    const bytes = elements * this.sharding.elementBytes;
    return this.add([input], {
      kind: 'dropout',
      module,
      readBytes: fused ? 0 : bytes,
      writeBytes: fused ? 0 : bytes + elements,
      backwardBytes: fused ? 0 : 2 * bytes + elements,
      outputBytes: bytes,
      saved: [{ name: 'dropout mask', bytes: elements, core: false }],
    });
  }

  /** Bias, dropout and residual addition: one kernel where the stack fuses them. */
  residual(branch: number, input: number, module: string): number {
    const { hiddenSize, dropout } = this.model;
    const elements = this.ownTokens * hiddenSize;
    const bytes = elements * this.sharding.elementBytes;
    const fused = !this.eager;
    let last = input;
    if (dropout > 0) last = this.dropout(last, `${module}.dropout`, fused);
    const mask = dropout > 0 && fused ? elements : 0;
    return this.add([branch, last], {
      kind: 'residual',
      module: `${module}.residual`,
      readBytes: 2 * bytes,
      writeBytes: bytes + mask,
      // What skips the branch meets what comes back through it: in the norm's kernel where a compiler fuses them.
      backwardBytes: (dropout > 0 && fused ? 2 : 0) * bytes + (this.stack.compiled ? 1 : 3) * bytes,
      outputBytes: bytes,
    });
  }

  /**
   * Bytes that adding up the gradients of one input moves, in the share of the `index`-th of the linears that read it:
   * two are read and one is written for each after the first, or all are read and one is written by a compiled kernel.
   */
  #mergedGradientBytes(index: number, inputElements: number): number {
    if (index === 0) return 0;
    const passes = this.stack.compiled && index > 1 ? 1 : 3;
    return passes * inputElements * this.sharding.elementBytes;
  }

  /** Where `linears` on every tensor rank need the whole input: the conjugate operators f and g-bar of arXiv 2205.05198. */
  enterTensor(input: number, module: string, linears = 1): number {
    const { tensor, sequenceParallel, elementBytes } = this.sharding;
    if (tensor === 1) return input;
    const bytes = this.tokens * this.model.hiddenSize * elementBytes;
    const { gathersInputsAgain, reducesInputGradients } = this.stack;
    const backwardTimes = reducesInputGradients === 'by-linear' ? linears : 1;
    return this.add([input], {
      kind: 'collective',
      module: `${module}.enter_tensor_parallel`,
      outputBytes: bytes,
      collective: sequenceParallel
        ? {
            group: 'tensor',
            forward: 'all-gather',
            backward: 'reduce-scatter',
            backwardGather: gathersInputsAgain,
            bytes,
          }
        : { group: 'tensor', backward: 'all-reduce', backwardTimes, backwardGather: false, bytes },
    });
  }

  /** Where the partial sums of all tensor ranks meet. */
  leaveTensor(input: number, module: string): number {
    const { tensor, sequenceParallel, elementBytes } = this.sharding;
    if (tensor === 1) return input;
    const bytes = this.tokens * this.model.hiddenSize * elementBytes;
    return this.add([input], {
      kind: 'collective',
      module: `${module}.leave_tensor_parallel`,
      outputBytes: this.ownTokens * this.model.hiddenSize * elementBytes,
      collective: sequenceParallel
        ? { group: 'tensor', forward: 'reduce-scatter', backward: 'all-gather', backwardGather: false, bytes }
        : { group: 'tensor', forward: 'all-reduce', backwardGather: false, bytes },
    });
  }

  /** Context parallelism: every rank's queries meet the keys and values of the whole sequence. */
  gatherKeysAndValues(inputs: readonly number[], keyValueHeads: number): readonly number[] {
    const { context, sequenceLength, elementBytes } = this.sharding;
    if (context === 1) return inputs;
    const bytes = 2 * sequenceLength * keyValueHeads * this.model.headSize * elementBytes;
    const gathered = this.add(inputs, {
      kind: 'collective',
      module: 'attention.gather_context',
      outputBytes: bytes,
      collective: {
        group: 'context',
        forward: 'all-gather',
        backward: 'reduce-scatter',
        backwardGather: true,
        bytes,
      },
    });
    return [gathered];
  }

  finish(kind: Unit['kind']): Unit {
    const boundaryBytes = this.ownTokens * this.model.hiddenSize * this.sharding.elementBytes;
    return { kind, operators: this.#operators, edges: this.#edges, boundaryBytes };
  }
}
