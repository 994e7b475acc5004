/**
 * How much of foretrain's agreement with published runs was put there: every constant that was fitted to such runs, the
 * errors with the main ones at what was published or guessed beforehand, and what a constant would be, and how well it
 * would do, had a set never been seen. Run it whenever constants have changed: npm run calibrate.
 */
import { accelerators } from '../src/hardware/catalogue.ts';
import { createStyle, renderTable } from '../src/report/index.ts';
import { formatDecimal, formatPercent, formatSignedPercent } from '../src/units.ts';
import { type FittedConstant, fittedConstants, unsourcedFigures } from './fittedConstants.ts';
import { efficiencyKnob, instanceKnob, type Knob, stackKnob, together } from './knobs.ts';
import { leaveOut } from './leaveOut.ts';
import { measuredJobs } from './measuredJobs.ts';
import { errorAsItIs, errorWith, runsConcerned, scoredSets } from './trial.ts';

const print = (text: string) => process.stdout.write(`${text}\n`);
const started = performance.now();
const wide = createStyle({ width: 180 });

// 1. What was fitted.
const fitted = fittedConstants();
print(`${fitted.length} numbers were fitted to published runs\n`);
print(
  renderTable(
    [{ head: 'number' }, { head: 'value', align: 'right' }, { head: 'by', narrow: 'wrap' }],
    fitted.map(({ name, value, source }) => [name, value, source]),
    wide,
  ),
);
const listed = (figures: readonly FittedConstant[]) =>
  figures.map(({ name, value }) => `  ${name}: ${value}`).join('\n');
print(`Figures of processors and stacks without a source of their own\n\n${listed(unsourcedFigures())}\n`);

// 2. The same forecasts without each of the main ones.
const rows = measuredJobs();
const sets = scoredSets(rows);
const gpus = accelerators.filter(({ vendor }) => vendor === 'NVIDIA').map(({ name }) => name);

const amperes = efficiencyKnob('products on Ampere, of peak', ['a100-sxm4-80'], 'matmul');
const hoppers = efficiencyKnob('products on Hopper, of peak', ['h100-sxm5-80'], 'matmul');
const narrow = efficiencyKnob('8-bit products on Hopper, of peak', ['h100-sxm5-80'], 'matmul8bit');
const batched = efficiencyKnob('products of unfused attention, of peak', gpus, 'batchedMatmul');
const norms = efficiencyKnob('norms, of bandwidth', gpus, 'norm');
const activations = efficiencyKnob('activations, of bandwidth', gpus, 'activation');
const writtenOut = efficiencyKnob('norms that nothing fuses, of bandwidth', gpus, 'writtenOut');
const gradients = efficiencyKnob(
  'products of input gradients on Ampere, of forward ones',
  ['a100-sxm4-80'],
  'inputGradientProducts',
);
const channels = efficiencyKnob('multiprocessors that a channel takes', gpus, 'channelShare');
const neurons = efficiencyKnob('products on NeuronCores, of peak', ['trainium1'], 'matmul');
const neuronMemory = efficiencyKnob(
  'memory of NeuronCores, of bandwidth',
  ['trainium1'],
  'elementwise',
  'matmulMemory',
  'norm',
  'activation',
  'writtenOut',
);
const host = stackKnob(
  'host time of a layer, times',
  1,
  ({ hostSecondsPerLayer: { forward } }) => forward > 0,
  ({ hostSecondsPerLayer: { forward, backward } }, factor) => ({
    hostSecondsPerLayer: { forward: forward * factor, backward: backward * factor },
  }),
);
const hostRanks = stackKnob(
  'more host time a tensor rank, times',
  1,
  ({ hostTensorFactorPerRank }) => hostTensorFactorPerRank > 0,
  ({ hostTensorFactorPerRank }, factor) => ({ hostTensorFactorPerRank: hostTensorFactorPerRank * factor }),
);
const narrowHost = stackKnob(
  'host time in 8 bits, times',
  rows.find(({ job }) => job.stack.name === 'megatron-core')!.job.stack.hostFactorIn8Bits,
  ({ hostFactorIn8Bits }) => hostFactorIn8Bits > 1,
  (_, hostFactorIn8Bits) => ({ hostFactorIn8Bits }),
);
const waits = stackKnob(
  'hosts wait for the device',
  1,
  ({ hostWaitsForTransfers, hostWaitsForBatches }) => hostWaitsForTransfers !== 'none' || hostWaitsForBatches,
  () => ({ hostWaitsForTransfers: 'none', hostWaitsForBatches: false }),
);
const balance = stackKnob(
  'balance of context ranks under FSDP2',
  rows.find(({ job }) => job.stack.name === 'fsdp2')!.job.stack.contextBalance,
  ({ name }) => name === 'fsdp2',
  (_, contextBalance) => ({ contextBalance }),
);
const asynchronous = stackKnob(
  'async tensor parallelism hides all it could',
  0,
  ({ asyncTensorParallel }) => asyncTensorParallel,
  () => ({ asyncTensorParallel: false, tensorOverlap: 'pipelined' }),
);
const omniPath = instanceKnob(
  'what Omni-Path delivers, times',
  1,
  ({ cluster: { instance } }) => instance.fabric === 'omni-path',
  ({ networkBytesPerSecond }, factor) => ({ networkBytesPerSecond: networkBytesPerSecond * factor }),
);

/** A value that a constant might have had, and where that comes from. */
type Value = readonly [value: number, why: string];
interface Trial {
  readonly knob: Knob;
  /** What publications alone would have made of it. */
  readonly published?: Value;
  readonly others?: readonly Value[];
  /** Of a constant that was fitted: how far it was expected to be from that, as the logarithm of a factor. */
  readonly spread?: number;
}

/** Where nothing was published: a fifth to either side. */
const fifths: readonly Value[] = [
  [0.8, 'a fifth less'],
  [1.2, 'a fifth more'],
];
/** Measured on single kernels, where clocks are higher than in steps. */
const ofKernels = 0.1;
/** Nearly anything. */
const unknown = 1;
const trials: readonly Trial[] = [
  {
    knob: amperes,
    published: [0.8, 'single products, vidur'],
    others: [[271.2 / 312, 'best product, ml-engineering']],
  },
  {
    knob: hoppers,
    published: [0.72, 'single products, vidur'],
    others: [[794.5 / 989, 'best product, ml-engineering']],
    spread: ofKernels,
  },
  { knob: narrow, published: [1_402.6 / 1_979, 'best product, ml-engineering'], spread: ofKernels },
  {
    knob: batched,
    published: [0.58, 'attention recomputed, arXiv 2205.05198'],
    others: [[0.75, 'as large products, vidur']],
  },
  { knob: norms, published: [0.39, 'middle of 31 to 47%, vidur'] },
  { knob: activations, published: [0.525, 'middle of 45 to 60%, vidur'] },
  { knob: writtenOut, published: [0.62, 'pairs of runs, arXiv 2311.05610'], others: [[0.85, 'as additions, vidur']] },
  { knob: gradients, published: [0.985, 'an H200, TransformerEngine'], others: [[0.89, 'layers, arXiv 2205.05198']] },
  { knob: channels, others: [[0, 'none']] },
  { knob: narrowHost, published: [2.8, 'twice to 3.6 times, TransformerEngine'], others: [[1, 'as in 16 bits']] },
  { knob: host, others: [...fifths, [0, 'no host']], spread: unknown },
  { knob: hostRanks, others: [...fifths, [0, 'none']], spread: unknown },
  { knob: waits, others: [[0, 'never']] },
  {
    knob: omniPath,
    published: [1, '16 nodes, bigscience'],
    others: [
      [0.75, 'four nodes of A100, bigscience'],
      [1.78, 'one card of four'],
      [6, 'nearly the nominal rate'],
    ],
  },
  { knob: balance, published: [1, 'zigzag, even'], others: [[0, 'not balanced']], spread: unknown },
  { knob: asynchronous, published: [1, 'as Megatron-Core'] },
  { knob: neurons, published: [0.9, 'good in practice, AWS'], others: [[0.57, 'less']] },
  { knob: neuronMemory, published: [0.6, 'good in practice, AWS'], spread: unknown },
];
const published = together(
  'all of these as published',
  trials.flatMap(({ knob, published: value }) => (value === undefined ? [] : [[knob, value[0]] as const])),
);

const short = (name: string) =>
  name.replace('vtrain-', 'vt-').replace('llama-layouts', 'layouts').replace('llm-foundry', 'foundry');
const errorColumns = sets.map(({ name }) => ({ head: short(name), align: 'right' as const }));
print('Mean error of each set with a constant at another value (blank where it changes nothing), %\n');
print(
  renderTable(
    [{ head: 'constant' }, { head: 'value', align: 'right' }, { head: 'why' }, ...errorColumns],
    [
      ['as it is', '', '', ...sets.map((set) => points(errorAsItIs(set)))],
      ...trials.flatMap(({ knob, published: first, others = [] }) =>
        [...(first === undefined ? [] : [first]), ...others].map(([value, why]) => [
          `${knob.name} (${figure(knob.now)})`,
          figure(value),
          why,
          ...errorsWith(knob, value),
        ]),
      ),
      [published.name, '', 'the first line of each; host time stays', ...errorsWith(published, 1)],
    ],
    wide,
  ),
);

// 3. Those that were fitted, fitted again, without each set in turn.
const priors = trials.flatMap(({ knob, published: value, spread }) =>
  spread === undefined ? [] : [{ knob, value: value?.[0] ?? knob.now, spread }],
);
const { all, left } = leaveOut(sets, priors);
print(
  'The fitted constants fitted again together, from what was published towards what the sets say (each set weighs the\n' +
    'same), and fitted without the set that is scored. What no other set knows stays as published; host time, of which\n' +
    'nothing is published, starts from its value here. The last column lets a set keep what it alone knows. The other\n' +
    'constants are as their sources have them\n',
);
print(
  renderTable(
    [
      { head: 'constant' },
      { head: 'as it is', align: 'right' },
      { head: 'before', align: 'right' },
      { head: 'fitted to all', align: 'right' },
    ],
    priors.map(({ knob, value }, index) => [knob.name, figure(knob.now), figure(value), figure(all[index])]),
    wide,
  ),
);
print(
  renderTable(
    [
      { head: 'set' },
      { head: 'runs', align: 'right' },
      { head: 'as it is', align: 'right' },
      { head: 'fitted with it', align: 'right' },
      { head: 'without it', align: 'right' },
      { head: 'raised by', align: 'right' },
      { head: 'but for its own', align: 'right' },
    ],
    left.map(({ set, asItIs, seen, unseen, unseenElsewhere }) => [
      set.name,
      `${set.runs.length}`,
      formatPercent(asItIs),
      formatPercent(seen),
      formatPercent(unseen),
      formatSignedPercent(unseen / seen - 1),
      formatSignedPercent(unseenElsewhere / seen - 1),
    ]),
    wide,
  ),
);
print(`${formatDecimal((performance.now() - started) / 1000, 0)} s`);

/** Errors of every set with a constant at another value, where that makes a difference that can be read. */
function errorsWith(knob: Knob, value: number): readonly string[] {
  return sets.map((set) => {
    if (runsConcerned(set, knob) === 0) return '';
    const text = points(errorWith(set, knob, value));
    return text === points(errorAsItIs(set)) ? '' : text;
  });
}

function points(error: number, decimals = 1): string {
  return formatDecimal(100 * error, decimals);
}

function figure(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}
