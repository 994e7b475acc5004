import { stacks } from '../stack/index.ts';
import { type Stack, stackNames } from '../stack/stack.ts';

/**
 * What foretrain knows and does not model yet: refused by name, never ignored. Deleting a line opens a feature.
 */

/** A field with the values that are modelled. */
export interface NotModelled {
  /** Dotted path of the field in a job. */
  readonly path: string;
  /** True for the values of the field that are modelled. An absent field always is. */
  readonly models: (value: unknown) => boolean;
  /** What is modelled, as the end of a sentence: `1 is`. */
  readonly instead: string;
}

/** Stacks. */
export const stacksNotModelled: readonly string[] = [];

/** Schedules that a training step cannot run yet. */
export const schedulesNotModelled: readonly string[] = [];

/** Schedules known by name; each is refused for as long as the list of schedules lacks it. */
export const schedulesToCome: readonly string[] = ['zb-h1', 'zb-h2', 'zb-v', 'v-half', 'v-min'];

/** Accelerators that no training stack runs on. */
export const acceleratorsNotModelled: readonly string[] = ['inferentia2'];

const never = (): boolean => false;
const only =
  (...values: readonly unknown[]) =>
  (value: unknown): boolean =>
    values.includes(value);
const allBut =
  (...values: readonly unknown[]) =>
  (value: unknown): boolean =>
    !values.includes(value);

const otherStacks = `${stackNames.filter((name) => !stacksNotModelled.includes(name)).join(', ')} are`;

/** Fields of a job, in the order of the job. */
export const notModelled: readonly NotModelled[] = [
  { path: 'model.model_type', models: never, instead: 'a catalogue name or a model described field by field is' },
  { path: 'model.family', models: allBut('t5'), instead: 'gpt, llama, bert and graph are' },
  { path: 'model.encoderLayers', models: never, instead: 'one stack of layers is' },
  { path: 'model.slidingWindow', models: never, instead: 'attention to the whole sequence is' },
  { path: 'model.experts', models: never, instead: 'dense feed-forward layers are' },
  { path: 'model.latentAttention', models: never, instead: 'attention with keyValueHeads is' },
  { path: 'model.predictionLayers', models: only(0), instead: '0 is' },
  { path: 'model.trainable', models: never, instead: 'training all parameters is' },

  { path: 'stack', models: allBut(...stacksNotModelled), instead: otherStacks },
  { path: 'stack.name', models: allBut(...stacksNotModelled), instead: otherStacks },

  { path: 'parallelism.expert', models: only(1), instead: '1 is' },
  { path: 'parallelism.expertTensor', models: only(1), instead: '1 is' },
  {
    path: 'parallelism.schedule',
    models: allBut(...schedulesNotModelled),
    instead: '`foretrain schedules` lists what is',
  },
];

/** A field whose values are modelled for some stacks only. */
export interface NotModelledOnStack extends NotModelled {
  /** Stacks for which every value is modelled. */
  readonly stacks: readonly string[];
}

const namesWhere = (does: (stack: Stack) => boolean) => stacks.filter(does).map(({ name }) => name);

/** Stacks that gather parameters tensor by tensor under ZeRO 3, within limits. */
const gatheringTensors = namesWhere(({ gathers }) => gathers !== 'units');
const hasLimits = `it gathers layer by layer; for ${gatheringTensors.join(', ')} it is`;

/** Stacks that compute the loss in kernels of either kind. */
const lossesToChoose = namesWhere(({ unfusedLossBytesPerLogit }) => unfusedLossBytesPerLogit !== undefined);

/** Fields of a job that some stacks have and others do not. */
export const notModelledOnStack: readonly NotModelledOnStack[] = [
  { path: 'stack.asyncTensorParallel', models: only(false), stacks: ['fsdp2'], instead: 'false is' },
  {
    path: 'stack.tensorOverlap',
    models: only('none'),
    stacks: namesWhere(({ tensorOverlap }) => tensorOverlap !== 'none'),
    instead: 'none is',
  },
  {
    path: 'stack.tensorOverlap',
    models: allBut('pipelined'),
    stacks: namesWhere(({ tensorOverlap }) => tensorOverlap !== 'weight-gradient'),
    instead: 'none and weight-gradient are',
  },
  { path: 'stack.precisionAwareOptimizer', models: only(false), stacks: ['megatron-core'], instead: 'false is' },
  { path: 'stack.mostLiveParameters', models: never, stacks: gatheringTensors, instead: hasLimits },
  { path: 'stack.persistenceThreshold', models: never, stacks: gatheringTensors, instead: hasLimits },
  {
    path: 'stack.fusedGradientAccumulation',
    models: only(false),
    stacks: namesWhere(({ gradientAccumulation }) => gradientAccumulation === 'fused'),
    instead: 'false is',
  },
  { path: 'stack.fusedLoss', models: never, stacks: lossesToChoose, instead: `for ${lossesToChoose.join(', ')} it is` },
  { path: 'stack.cudaGraphs', models: only(false), stacks: ['megatron-core'], instead: 'false is' },
  {
    path: 'training.precision',
    models: allBut('fp8', 'mxfp8'),
    stacks: ['megatron-core', 'fsdp2'],
    instead: 'fp32, fp16 and bf16 are; for megatron-core it is',
  },
  {
    path: 'training.precision',
    models: allBut('nvfp4'),
    stacks: ['megatron-core'],
    instead: 'fp32, fp16 and bf16 are; for megatron-core it is',
  },
  { path: 'training.stochasticRounding', models: only(false), stacks: ['neuronx-distributed'], instead: 'false is' },
];

/** Stacks whose tensor-parallel ranks cannot split activations along the sequence. */
export const stacksWithoutSequenceParallel: readonly string[] = ['smp-v1'];
