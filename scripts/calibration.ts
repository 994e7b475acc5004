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
const stolen = efficiencyKnob('multiprocessors that collectives take', gpus, 'stolenByCollectives');
const neurons = efficiencyKnob('products on NeuronCores, of peak', ['trainium1'], 'matmul');
const neuronStarts = efficiencyKnob('start of a kernel on NeuronCores, s', ['trainium1'], 'kernelSeconds');
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
  'standing still after a transfer under Megatron 2023, s',
  rows.find(({ job }) => job.stack.name === 'megatron-2023')!.job.stack.hostSecondsPerTransfer.plain,
  ({ name }) => name === 'megatron-2023',
  (_, seconds) => ({ hostSecondsPerTransfer: { plain: seconds, interleaved: seconds } }),
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
const neuronFp32 = instanceKnob(
  'fp32 products on NeuronCores, times',
  1,
  ({ training, cluster: { instance } }) => training.precision === 'fp32' && instance.accelerator.vendor === 'AWS',
  ({ accelerator }, factor) => {
    const { tf32 = 0, ...others } = accelerator.flopsPerSecond;
    return { accelerator: { ...accelerator, flopsPerSecond: { ...others, tf32: tf32 * factor } } };
  },
);

/** A value that a constant might have had, and where that comes from. */
type Value = readonly [value: number, why: string];
interface Trial {
  readonly knob: Knob;
  /** What publications alone would have made of it. */
  readonly published?: Value;
  readonly others?: readonly Value[];
}

/** Where nothing was published: a fifth to either side. */
const fifths: readonly Value[] = [
  [0.8, 'a fifth less'],
  [1.2, 'a fifth more'],
];
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
  },
  { knob: narrow, published: [1_402.6 / 1_979, 'best product, ml-engineering'] },
  { knob: batched, published: [0.75, 'as large products, vidur'] },
  { knob: norms, published: [0.39, 'middle of 31 to 47%, vidur'] },
  { knob: activations, published: [0.525, 'middle of 45 to 60%, vidur'] },
  { knob: writtenOut, published: [0.62, 'pairs of runs, arXiv 2311.05610'], others: [[0.85, 'as additions, vidur']] },
  { knob: narrowHost, published: [2.5, 'twice to 3.6 times, TransformerEngine'], others: [[1, 'as in 16 bits']] },
  { knob: gradients, published: [0.985, 'as on Hopper, TransformerEngine'] },
  { knob: stolen, published: [24 / 108, 'all that NCCL may take, AWS'], others: [[0, 'none']] },
  { knob: host, others: [...fifths, [0, 'no host']] },
  { knob: hostRanks, others: [...fifths, [0, 'none']] },
  { knob: waits, published: [0.2e-3, 'recalled for Megatron 2021'], others: [[0, 'none']] },
  { knob: omniPath, published: [6, 'nearly the nominal rate'], others: fifths },
  { knob: balance, published: [1, 'zigzag, even'], others: [[0, 'not balanced']] },
  { knob: asynchronous, published: [1, 'as Megatron-Core'] },
  { knob: neurons, published: [0.9, 'over 90 of 95 TFLOP/s, AWS'] },
  { knob: neuronStarts, published: [5e-6, 'as on GPUs'] },
  { knob: neuronFp32, published: [0.5, 'fp32 peak, AWS'], others: [[2, 'tf32 peak, AWS']] },
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

// 3. All of them fitted again, without each set in turn.
const priors = trials
  .filter(({ knob }) => knob !== asynchronous)
  .map(({ knob, published: value }) => ({ knob, value: value?.[0] ?? knob.now }));
const { all, left } = leaveOut(sets, priors);
print(
  'All constants fitted again together, from what was published towards what the sets say (each set weighs the same), and\n' +
    'fitted without the set that is scored. What no other set knows stays as published; host time, of which nothing is\n' +
    'published, starts from its value here\n',
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
    ],
    left.map(({ set, asItIs, seen, unseen }) => [
      set.name,
      `${set.runs.length}`,
      formatPercent(asItIs),
      formatPercent(seen),
      formatPercent(unseen),
      formatSignedPercent(unseen / seen - 1),
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
