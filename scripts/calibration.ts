/**
 * How much of foretrain's agreement with published runs was put there: every constant that was fitted to such runs, the
 * errors with the main ones at what was published or guessed beforehand, and what a constant would be, and how well it
 * would do, had a set never been seen. Run it whenever constants have changed: npm run calibration.
 */
import { mean } from 'simple-statistics';
import { accelerators } from '../src/hardware/catalogue.ts';
import { createStyle, renderTable } from '../src/report/index.ts';
import { formatDecimal, formatPercent, formatSignedPercent } from '../src/units.ts';
import { type FittedConstant, fittedConstants, unsourcedFigures } from './fittedConstants.ts';
import { clockKnob, efficiencyKnob, instanceKnob, type Knob, stackKnob, together } from './knobs.ts';
import { measuredJobs } from './measuredJobs.ts';
import {
  errorAsItIs,
  errorWith,
  goldenSection,
  runsConcerned,
  sampleConcerned,
  scoredSets,
  type TrialSet,
} from './trial.ts';

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
const gradients = efficiencyKnob('products of gradients, of forward ones', gpus, 'gradientProducts');
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
const capped = rows.find(({ job }) => job.cluster.instance.accelerator.ratedPowerWatts !== undefined)!.job;
const clock = clockKnob('clock over power, exponent', capped);

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
    published: [0.83, 'single products, vidur'],
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
  { knob: gradients, published: [1, 'as forward'] },
  { knob: stolen, published: [24 / 108, 'all that NCCL may take, AWS'], others: [[0, 'none']] },
  { knob: host, others: [...fifths, [0, 'no host']] },
  { knob: hostRanks, others: [...fifths, [0, 'none']] },
  { knob: omniPath, published: [6, 'nearly the nominal rate'], others: fifths },
  { knob: balance, published: [1, 'zigzag, even'], others: [[0, 'not balanced']] },
  { knob: asynchronous, published: [1, 'as Megatron-Core'] },
  { knob: clock, published: [1 / 3, 'dynamic power only'] },
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

// 3. The main ones, fitted again without each set in turn.
const mostRuns = 100;
interface Refit {
  readonly knob: Knob;
  readonly from: number;
  readonly to: number;
  readonly tolerance: number;
}
const refits: readonly Refit[] = [
  { knob: amperes, from: 0.6, to: 0.95, tolerance: 0.002 },
  { knob: hoppers, from: 0.5, to: 0.8, tolerance: 0.002 },
  { knob: host, from: 0, to: 2, tolerance: 0.02 },
];
print(
  `One constant fitted again by golden-section search to the sets that it concerns (equal weights, at most ${mostRuns} runs of each),\n` +
    'with every set and without the one that is scored, on all its runs. The last two columns say what the other sets know of\n' +
    'the constant: their own mean error where it stands, and where they alone would have it\n',
);
for (const refit of refits) print(refitTable(refit));
print(`${formatDecimal((performance.now() - started) / 1000, 0)} s`);

function refitTable({ knob, from, to, tolerance }: Refit): string {
  const concerned = sets.filter((set) => runsConcerned(set, knob) > 0);
  const samples = concerned.map((set) => sampleConcerned(set, knob, mostRuns));
  const error = remembered((set: TrialSet, value: number) => errorWith(set, knob, value));
  const meanError = (of: readonly TrialSet[], value: number) => mean(of.map((set) => error(set, value)));
  const bestFor = (of: readonly TrialSet[]) => goldenSection((value) => meanError(of, value), from, to, tolerance);
  const withAll = bestFor(samples);
  return renderTable(
    [
      { head: knob.name },
      { head: 'runs', align: 'right' },
      { head: `at ${figure(knob.now)}`, align: 'right' },
      { head: 'with it', align: 'right' },
      { head: 'error', align: 'right' },
      { head: 'without', align: 'right' },
      { head: 'error', align: 'right' },
      { head: 'raised by', align: 'right' },
      { head: 'others', align: 'right' },
      { head: 'at best', align: 'right' },
    ],
    concerned.map((set, index) => {
      const others = samples.filter((_, other) => other !== index);
      const without = bestFor(others);
      const seen = error(set, withAll);
      const unseen = error(set, without);
      return [
        set.name,
        `${runsConcerned(set, knob)}`,
        formatPercent(errorAsItIs(set)),
        figure(withAll),
        formatPercent(seen),
        figure(without),
        formatPercent(unseen),
        formatSignedPercent(unseen / seen - 1),
        `${points(meanError(others, knob.now), 2)}%`,
        `${points(meanError(others, without), 2)}%`,
      ];
    }),
    wide,
  );
}

/** Errors of every set with a constant at another value, where that makes a difference that can be read. */
function errorsWith(knob: Knob, value: number): readonly string[] {
  return sets.map((set) => {
    if (runsConcerned(set, knob) === 0) return '';
    const text = points(errorWith(set, knob, value));
    return text === points(errorAsItIs(set)) ? '' : text;
  });
}

/** The same function, which works out each value once. */
function remembered(f: (set: TrialSet, value: number) => number): typeof f {
  const known = new Map<TrialSet, Map<number, number>>();
  return (set, value) => {
    let values = known.get(set);
    if (values === undefined) {
      values = new Map();
      known.set(set, values);
    }
    let result = values.get(value);
    if (result === undefined) {
      result = f(set, value);
      values.set(value, result);
    }
    return result;
  };
}

function points(error: number, decimals = 1): string {
  return formatDecimal(100 * error, decimals);
}

function figure(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}
