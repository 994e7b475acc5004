import type { Accelerator } from '../hardware/accelerator.ts';
import { findStack, stacks } from '../stack/index.ts';
import { type Precision, type PrecisionAwareOptimizer, precisionAwareDefaults } from '../stack/precision.ts';
import type { Stack } from '../stack/stack.ts';
import type { FaultList } from './faults.ts';
import type { InlineStack, StackInput } from './schema/stack.ts';
import { didYouMean } from './suggest.ts';
import { listed, shown } from './words.ts';

type StackChanges = Omit<InlineStack, 'name'>;

/** The stack of a job: by name, by name with what differs, or by default that of its accelerator. */
export function readStack(
  input: StackInput | undefined,
  accelerator: Accelerator | undefined,
  precision: Precision | undefined,
  faults: FaultList,
): Stack | undefined {
  const { name = undefined, ...changes } = typeof input === 'string' ? { name: input } : (input ?? {});
  if (!faults.sound('stack.name')) return undefined;
  const path = typeof input === 'string' ? 'stack' : 'stack.name';
  const base = name !== undefined ? named(name, path, faults) : accelerator && defaultStack(accelerator);
  return base && withChanges(unfused(inPrecision(onAccelerator(base, accelerator), precision), changes), changes);
}

/** FlashAttention 3 is written for Hopper; before it, a stack that has it falls back on FlashAttention 2. */
function onAccelerator(stack: Stack, accelerator: Accelerator | undefined): Stack {
  const isEarlier = accelerator?.generation === 'ampere' || accelerator?.generation === 'ada';
  return isEarlier && stack.attention === 'flash3' ? { ...stack, attention: 'flash2' } : stack;
}

/** With the gradients that it keeps in fp16. */
function inPrecision(stack: Stack, precision: Precision | undefined): Stack {
  if (precision !== 'fp16' || !stack.fp16Gradients) return stack;
  return { ...stack, gradientReduceDtype: 'fp16', gradientAccumulationDtype: 'fp16' };
}

/** With the loss and the addition of gradients in kernels of their own, where a job wants no fused ones. */
function unfused(stack: Stack, { fusedLoss = true, fusedGradientAccumulation = true }: StackChanges): Stack {
  const { gradientAccumulation, lossBytesPerLogit, unfusedLossBytesPerLogit = lossBytesPerLogit } = stack;
  const isSeparate = !fusedGradientAccumulation && gradientAccumulation === 'fused';
  return {
    ...stack,
    lossBytesPerLogit: fusedLoss ? lossBytesPerLogit : unfusedLossBytesPerLogit,
    gradientAccumulation: isSeparate ? 'separate' : gradientAccumulation,
  };
}

/** The stack that most would use on this accelerator; undefined where none trains on it. */
export function defaultStack(accelerator: Accelerator): Stack | undefined {
  switch (accelerator.vendor) {
    case 'NVIDIA':
      return findStack(accelerator.generation === 'volta' ? 'megatron-2021' : 'megatron-core');
    case 'AWS':
      return findStack('neuronx-distributed');
    case 'AMD':
    case 'Google':
      return undefined;
  }
}

function named(name: string, path: string, faults: FaultList): Stack | undefined {
  const stack = findStack(name);
  if (stack !== undefined) return stack;
  const names = stacks.map((one) => one.name);
  const hint = didYouMean(name, names) ?? `foretrain knows ${listed(names)}`;
  faults.add(path, `there is no stack ${shown(name)}; ${hint}`, 'unknown');
  return undefined;
}

function withChanges(base: Stack, changes: StackChanges): Stack {
  const precisionAware = precisionAwareOptimizer(changes.precisionAwareOptimizer);
  return {
    ...base,
    gathers: withLimits(base.gathers, changes),
    ...(precisionAware === undefined ? {} : { precisionAwareOptimizer: precisionAware }),
    attention: changes.attention ?? base.attention,
    ...(changes.attentionSkipsMasked === undefined
      ? {}
      : { attentionSkipsMasked: changes.attentionSkipsMasked ? 'all' : 'none' }),
    fusedNorm: changes.fusedNorm ?? base.fusedNorm,
    fusedOptimizer: changes.fusedOptimizer ?? base.fusedOptimizer,
    compiled: changes.compiled ?? base.compiled,
    asyncTensorParallel: changes.asyncTensorParallel ?? base.asyncTensorParallel,
    tensorOverlap: changes.tensorOverlap ?? base.tensorOverlap,
    gradientReduceDtype: changes.gradientReduceDtype ?? base.gradientReduceDtype,
    gradientAccumulationDtype: changes.gradientAccumulationDtype ?? base.gradientAccumulationDtype,
    cudaGraphs: changes.cudaGraphs ?? base.cudaGraphs,
    precisionRecipe: changes.precisionRecipe ?? base.precisionRecipe,
  };
}

/** Limits of what is gathered at once, for software that has such; that of others is refused by name. */
function withLimits(
  gathers: Stack['gathers'],
  { mostLiveParameters, persistenceThreshold }: StackChanges,
): Stack['gathers'] {
  if (gathers === 'units') return gathers;
  return {
    mostLiveParameters: mostLiveParameters ?? gathers.mostLiveParameters,
    persistenceThreshold: persistenceThreshold ?? gathers.persistenceThreshold,
    bucketElements: gathers.bucketElements,
  };
}

/** The formats that are written, and the software's defaults for the rest; undefined where states are all in fp32. */
function precisionAwareOptimizer(
  written: InlineStack['precisionAwareOptimizer'] = false,
): PrecisionAwareOptimizer | undefined {
  if (typeof written === 'boolean') return written ? precisionAwareDefaults : undefined;
  return {
    masters: written.masters ?? precisionAwareDefaults.masters,
    remainders: written.remainders ?? precisionAwareDefaults.remainders,
    firstMoment: written.firstMoment ?? precisionAwareDefaults.firstMoment,
    secondMoment: written.secondMoment ?? precisionAwareDefaults.secondMoment,
  };
}
