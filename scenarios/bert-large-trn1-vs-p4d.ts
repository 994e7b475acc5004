/**
 * "BERT-Large training on Trainium: 2.3 times faster, 72% cheaper, 47% less power than GPU instances."
 *
 * AWS showed these three figures in a presentation on building foundation models (Japanese, April 2023) and did not say
 * what was compared: which GPU instance, in which precision, in which phase of pretraining, at whose prices. This story
 * asks which comparison makes them true. First by arithmetic on prices alone; then with throughputs that AWS and NVIDIA
 * published; then with foretrain's forecasts of the same runs, in time, dollars and energy.
 */
import { findInstance } from '../src/hardware/catalogue.ts';
import { type Report, readJob, simulate } from '../src/index.ts';
import { renderTable } from '../src/report/index.ts';
import { formatDecimal, formatSeconds, formatSignedPercent } from '../src/units.ts';

const claim = { faster: 2.3, cheaper: 0.72, lessPower: 0.47 };
/** What rounds to the claim. */
const fasterRange = [2.25, 2.35] as const;
const cheaperRange = [0.715, 0.725] as const;

const print = (text: string) => process.stdout.write(`${text}\n`);
const percent = (part: number) => `${formatDecimal(100 * part, 1)}%`;
const times = (ratio: number) => `${formatDecimal(ratio, 2)} ×`;

/** On-demand prices of 2023, where one is known, or else of 2026: p3, p3dn and g5 have had one price all along. */
function usdPerHour(name: string): number {
  const prices = findInstance(name)?.onDemand ?? [];
  const price = prices.find(({ date }) => date.startsWith('2023')) ?? prices[0];
  if (price === undefined) throw new Error(`No price of ${name} is known.`);
  return price.usdPerHour;
}
const trn1Usd = usdPerHour('trn1.32xlarge');

// 1. Whose price? An instance that is 2.3 times faster and 72% cheaper costs 0.644 of the other's hour.
print('Which GPU instance: what 2.3 times faster saves, instance for instance, on demand\n');
print(
  renderTable(
    [
      { head: 'instead of' },
      { head: 'USD/hour', align: 'right' },
      { head: 'saved at 2.3 ×', align: 'right' },
      { head: 'faster, for 72%', align: 'right' },
      { head: 'both figures hold' },
    ],
    ['g5.48xlarge', 'p3.16xlarge', 'p3dn.24xlarge', 'p4d.24xlarge', 'p4de.24xlarge'].map((name) => {
      const usd = usdPerHour(name);
      const needed = (cheaper: number) => trn1Usd / usd / (1 - cheaper);
      const holds = needed(cheaperRange[0]) <= fasterRange[1] && needed(cheaperRange[1]) >= fasterRange[0];
      return [
        name,
        formatDecimal(usd, 2),
        percent(1 - trn1Usd / usd / claim.faster),
        times(needed(claim.cheaper)),
        holds ? 'yes, as rounded' : 'no',
      ];
    }),
  ),
);
print(
  `A trn1.32xlarge costs $${formatDecimal(trn1Usd, 2)} an hour. Only beside a p4d.24xlarge at its price of 2023 do both figures hold.\n` +
    'So it was one trn1.32xlarge against one p4d.24xlarge: 16 Trainium chips against 8 A100, neither chip for chip nor\n' +
    `dollar for dollar, which would have made it ${times((claim.faster * usdPerHour('p4d.24xlarge')) / trn1Usd)}.\n`,
);

/**
 * A run of BERT-Large's pretraining: phase 1 has sequences of 128 tokens, phase 2 of 512. 65,536 and 32,768 sequences a
 * step with LAMB are what both vendors' recipes use (arXiv 1904.00962).
 */
interface Run {
  readonly instance: string;
  readonly precision: 'fp32' | 'fp16' | 'bf16';
  readonly phase: 1 | 2;
  /** Sequences a device handles at once, as the publication has it. */
  readonly microBatchSize: number;
  /** Where eight devices and whole microbatches do not make up the usual batch. */
  readonly globalBatchSize?: number;
  /** Published sequences a second: one figure, or the lowest, the first and the highest over releases. */
  readonly published: readonly number[];
}

const phases = {
  1: { sequenceLength: 128, globalBatchSize: 65_536, steps: 7_038 },
  2: { sequenceLength: 512, globalBatchSize: 32_768, steps: 1_563 },
} as const;

/** aws-neuron/aws-neuron-sdk, benchmarks of Trn1: one trn1.32xlarge, over releases of the software. */
const trainium: readonly Run[] = [
  { instance: 'trn1.32xlarge', precision: 'bf16', phase: 1, microBatchSize: 16, published: [3400.96, 4538.5] },
  { instance: 'trn1.32xlarge', precision: 'fp32', phase: 1, microBatchSize: 8, published: [1864] },
  { instance: 'trn1.32xlarge', precision: 'bf16', phase: 2, microBatchSize: 2, published: [478.6, 527.95] },
  { instance: 'trn1.32xlarge', precision: 'fp32', phase: 2, microBatchSize: 1, published: [247.4] },
];

/**
 * NVIDIA/DeepLearningExamples, PyTorch/LanguageModeling/BERT. July 2020: a DGX A100 with 8 A100 of 40 GB, as in a p4d, and
 * a DGX-1 with 8 V100 of 32 GB, as in a p3dn. fp32 is TF32 on an A100, as PyTorch had it by default until 1.12.
 */
const gpusOf2020: readonly Run[] = [
  {
    instance: 'p4d.24xlarge',
    precision: 'fp32',
    phase: 1,
    microBatchSize: 54,
    globalBatchSize: 65_232,
    published: [1777],
  },
  { instance: 'p4d.24xlarge', precision: 'fp16', phase: 1, microBatchSize: 64, published: [3231] },
  { instance: 'p4d.24xlarge', precision: 'fp32', phase: 2, microBatchSize: 8, published: [318] },
  { instance: 'p4d.24xlarge', precision: 'fp16', phase: 2, microBatchSize: 16, published: [620] },
  { instance: 'p3dn.24xlarge', precision: 'fp32', phase: 1, microBatchSize: 8, published: [317] },
  { instance: 'p3dn.24xlarge', precision: 'fp16', phase: 1, microBatchSize: 16, published: [1203] },
  { instance: 'p3dn.24xlarge', precision: 'fp32', phase: 2, microBatchSize: 2, published: [72] },
  { instance: 'p3dn.24xlarge', precision: 'fp16', phase: 2, microBatchSize: 4, published: [262] },
];

/** The same in January 2022, fused by TorchScript and on A100 of 80 GB; its phase 2 pads less than 512 tokens and is left out. */
const gpusOf2022: readonly Run[] = [
  { instance: 'p4de.24xlarge', precision: 'fp32', phase: 1, microBatchSize: 128, published: [2505] },
  { instance: 'p4de.24xlarge', precision: 'fp16', phase: 1, microBatchSize: 256, published: [4591] },
  { instance: 'p3dn.24xlarge', precision: 'fp16', phase: 1, microBatchSize: 64, published: [1746] },
];

/** Plain PyTorch modules, a kernel each for scores, softmax and dropout, as the modeling.py of 2020 has them; later fused. */
const plainModules = { name: 'deepspeed', attention: 'unfused' };
const fusedModules = { name: 'megatron-2021' };

/** One instance, data parallel, nothing recomputed or sharded: the model is small. */
function forecast({ instance, precision, phase, microBatchSize, globalBatchSize }: Run, stack: object): Report {
  const { steps, ...training } = phases[phase];
  return simulate(
    readJob({
      model: 'bert-large',
      cluster: { instance, count: 1, usdPerHour: usdPerHour(instance) },
      stack,
      training: {
        ...training,
        ...(globalBatchSize === undefined ? {} : { globalBatchSize }),
        steps,
        precision,
        optimizer: 'lamb',
        stochasticRounding: precision === 'bf16',
      },
      parallelism: { microBatchSize, zeroStage: 0, recompute: 'none', sequenceParallel: false },
    }),
  );
}

// 2. What was published, and what foretrain says of the same runs.
const withForecasts = (runs: readonly Run[], software: string, stack: object) =>
  runs.map((run) => ({ run, software, report: forecast(run, stack) }));
const trainiumRuns = withForecasts(trainium, 'Neuron', { name: 'neuronx-distributed' });
const gpuRuns = [
  ...withForecasts(gpusOf2020, '2020', plainModules),
  ...withForecasts(gpusOf2022, '2022', fusedModules),
];
const formatName = ({ instance, precision }: Run) =>
  precision === 'fp32' && instance.startsWith('p4') ? 'TF32' : precision;
const low = ({ published }: Run) => Math.min(...published);
const high = ({ published }: Run) => Math.max(...published);
const rangeText = (from: number, to: number, decimals: number) =>
  from === to ? formatDecimal(from, decimals) : `${formatDecimal(from, decimals)} – ${formatDecimal(to, decimals)}`;

print('Sequences a second of one instance\n');
print(
  renderTable(
    [
      { head: 'instance' },
      { head: 'software' },
      { head: 'format' },
      { head: 'tokens', align: 'right' },
      { head: 'published', align: 'right' },
      { head: 'predicted', align: 'right' },
      { head: 'off by', align: 'right' },
      { head: '90%', align: 'right' },
    ],
    [...trainiumRuns, ...gpuRuns].map(({ run, software, report }) => {
      const rate = report.samplesPerSecond;
      const off = rate < low(run) ? rate / low(run) - 1 : rate > high(run) ? rate / high(run) - 1 : 0;
      const sequences = rate * report.stepTimeSeconds;
      const [fast, slow] = report.stepTimeSecondsRange ?? [];
      return [
        run.instance,
        software,
        formatName(run),
        `${phases[run.phase].sequenceLength}`,
        rangeText(low(run), high(run), 0),
        formatDecimal(rate, 0),
        formatSignedPercent(off),
        fast === undefined || slow === undefined ? '' : rangeText(sequences / slow, sequences / fast, 0),
      ];
    }),
  ),
);

// 3. Every comparison that could have been meant, in one phase at a time.
print('How many times faster a trn1.32xlarge is, and what it saves at prices of 2023\n');
const comparisons = gpuRuns.flatMap((gpu) =>
  trainiumRuns.filter(({ run }) => run.phase === gpu.run.phase).map((trn1) => ({ gpu, trn1 })),
);
print(
  renderTable(
    [
      { head: 'tokens', align: 'right' },
      { head: 'trn1 in' },
      { head: 'against' },
      { head: 'published', align: 'right' },
      { head: 'predicted', align: 'right' },
      { head: 'saves', align: 'right' },
      { head: 'predicted', align: 'right' },
      { head: '2.3 ×, 72%' },
    ],
    comparisons.map(({ gpu, trn1 }) => {
      const [least, most] = [low(trn1.run) / high(gpu.run), high(trn1.run) / low(gpu.run)];
      const faster = trn1.report.samplesPerSecond / gpu.report.samplesPerSecond;
      const priceRatio = trn1Usd / usdPerHour(gpu.run.instance);
      const saved = (ratio: number) => percent(1 - priceRatio / ratio);
      const fits =
        least <= fasterRange[1] &&
        most >= fasterRange[0] &&
        1 - priceRatio / fasterRange[1] >= cheaperRange[0] &&
        1 - priceRatio / fasterRange[0] <= cheaperRange[1];
      return [
        `${phases[gpu.run.phase].sequenceLength}`,
        trn1.run.precision,
        `${gpu.run.instance}, ${gpu.software}, ${formatName(gpu.run)}`,
        `${rangeText(least, most, 2)} ×`,
        times(faster),
        least === most ? saved(least) : `${saved(least)} – ${saved(most)}`,
        saved(faster),
        fits ? 'within releases' : '',
      ];
    }),
  ),
);
print(
  'Both figures hold in one comparison alone: phase 1 in bf16 with stochastic rounding on trn1, against TF32 on p4d, where\n' +
    'nobody turned mixed precision on. Against mixed precision on the same p4d, trn1 was a little faster or slower, and\n' +
    'cheaper by its price; NVIDIA made its own software faster by 2022. Against p3dn no price gives both figures.\n',
);

// 4. That comparison, over all of phase 1: time, dollars and energy.
const trn1 = trainiumRuns[0]!;
const p4d = gpuRuns[0]!;
const mixed = gpuRuns[1]!;
const seconds = ({ report }: typeof trn1) => report.training?.timeToTrainSeconds ?? 0;
const energy = ({ report }: typeof trn1) => report.training?.energyKilowattHours;
print('Phase 1 of the pretraining on one instance: 7,038 steps of 65,536 sequences of 128 tokens, predicted\n');
print(
  renderTable(
    [
      { head: '' },
      { head: 'time', align: 'right' },
      { head: 'dollars', align: 'right' },
      { head: 'energy of its accelerators', align: 'right' },
    ],
    [
      { name: 'trn1.32xlarge, bf16', run: trn1 },
      { name: 'p4d.24xlarge, TF32', run: p4d },
      { name: 'p4d.24xlarge, fp16', run: mixed },
    ].map(({ name, run }) => {
      const kilowattHours = energy(run);
      return [
        name,
        formatSeconds(seconds(run)),
        `$${formatDecimal(run.report.training?.usd ?? 0, 0)}`,
        kilowattHours === undefined
          ? 'no power of Trainium is published'
          : `${formatDecimal(kilowattHours, 0)} kWh at rated power`,
      ];
    }),
  ),
);

// 5. What 47% less power says of a Trainium chip, whose power AWS does not publish.
const a100 = findInstance('p4d.24xlarge')!;
const gpuWatts = (a100.accelerator.powerWatts ?? 0) * a100.chips;
const chips = findInstance('trn1.32xlarge')!.chips;
const ratios = {
  claimed: claim.faster,
  predicted: seconds(p4d) / seconds(trn1),
};
print(
  `What 47% less implies, if the eight A100 draw the ${formatDecimal(gpuWatts, 0)} W they are rated for (hosts left out)\n`,
);
print(
  renderTable(
    [{ head: 'read as' }, { head: 'W a Trainium chip', align: 'right' }, { head: 'W of the 16', align: 'right' }],
    [
      { name: 'less power while it runs', watts: (1 - claim.lessPower) * gpuWatts },
      {
        name: `less energy for the same training, at ${times(ratios.claimed)} as fast as claimed`,
        watts: (1 - claim.lessPower) * gpuWatts * ratios.claimed,
      },
      {
        name: `less energy, at ${times(ratios.predicted)} as predicted`,
        watts: (1 - claim.lessPower) * gpuWatts * ratios.predicted,
      },
    ].map(({ name, watts }) => [name, formatDecimal(watts / chips, 0), formatDecimal(watts, 0)]),
  ),
);
