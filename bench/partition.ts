import { exact, type PartitionProblem } from '../src/partition/index.ts';

/**
 * Relative times of the operators of one transformer layer of GPT-3 175B, forward and backward: norms, attention with
 * its projections, residuals, the feed-forward block.
 */
const LAYER_OPERATORS = [0.012, 0.24, 0.03, 0.02, 0.015, 0.03, 0.09, 0.008, 0.01, 0.012, 0.3, 0.02, 0.3, 0.008, 0.01];
const HEAD_OPERATORS = [0.012, 0.45, 0.09, 0.02];
const HIDDEN_BYTES = 50e6;

interface Case {
  readonly name: string;
  readonly operators: boolean;
  readonly stages: number;
  readonly virtualStages: number;
  readonly placement: PartitionProblem['placement'];
  /** Capacity of each device over the mean need; Infinity where memory does not bind. */
  readonly room: number;
  readonly targetMilliseconds: number;
}

const layerCase = (
  stages: number,
  virtualStages: number,
  placement: PartitionProblem['placement'],
  room = Number.POSITIVE_INFINITY,
): Case => ({
  name: `98 units, p ${stages}, v ${virtualStages}, ${placement}${room < 100 ? `, ${room} of the mean` : ''}`,
  operators: false,
  stages,
  virtualStages,
  placement,
  room,
  targetMilliseconds: virtualStages === 1 ? 0.3 : room < 1 ? 5 : 1,
});

const CASES: readonly Case[] = [
  ...[2, 8, 16, 32, 64].map((stages) => layerCase(stages, 1, 'linear')),
  layerCase(8, 1, 'linear', 1.6),
  layerCase(16, 1, 'linear', 1.6),
  layerCase(16, 1, 'linear', 1.05),
  layerCase(8, 2, 'loop'),
  layerCase(16, 2, 'loop'),
  layerCase(16, 2, 'loop', 1.3),
  layerCase(16, 2, 'loop', 1.05),
  layerCase(16, 2, 'loop', 0.85),
  layerCase(16, 2, 'v'),
  layerCase(16, 2, 'dual'),
  layerCase(8, 4, 'loop'),
  layerCase(8, 4, 'loop', 0.95),
  layerCase(8, 4, 'loop', 0.85),
  layerCase(16, 4, 'loop'),
  layerCase(16, 6, 'loop'),
  layerCase(8, 12, 'loop'),
  ...(['linear', 'loop', 'loop', 'v'] as const).map(
    (placement, index): Case => ({
      name: `operators, p 16, v ${[1, 2, 4, 2][index]}, ${placement}`,
      operators: true,
      stages: 16,
      virtualStages: [1, 2, 4, 2][index],
      placement,
      room: Number.POSITIVE_INFINITY,
      targetMilliseconds: 50,
    }),
  ),
];

/** GPT-3 175B as a chain, with costs that differ a little from round to round so that nothing can be remembered. */
function problemOf(at: Case, round: number): PartitionProblem {
  const layer = at.operators ? LAYER_OPERATORS : [LAYER_OPERATORS.reduce((sum, time) => sum + time)];
  const head = at.operators ? HEAD_OPERATORS : [HEAD_OPERATORS.reduce((sum, time) => sum + time)];
  const scale = 1 + 0.01 * round;
  const seconds = [0.02, ...Array.from({ length: 96 }, () => layer.map((time) => time * scale)).flat(), ...head];
  const units = seconds.length;
  const layerStart = (unit: number) => (unit - 1) % layer.length === 0;
  const each = (value: (unit: number) => number) => Float64Array.from({ length: units }, (_, unit) => value(unit));
  const dual = at.placement === 'dual';
  const count = dual ? at.stages : at.stages * at.virtualStages;
  const inFlight = Float64Array.from({ length: count }, (_, stage) => (dual ? at.stages : count) - stage);
  const staticBytes = each((unit) => (3e9 * seconds[unit]) / scale);
  const activationBytes = each((unit) => (5e7 * seconds[unit]) / scale);
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
  const meanInFlight = sum(inFlight) / count;
  const mean = ((dual ? 2 : 1) * (sum(staticBytes) + meanInFlight * sum(activationBytes))) / at.stages;
  return {
    seconds: Float64Array.from(seconds),
    staticBytes,
    activationBytes,
    transientBytes: each(() => 1e7),
    // Inside a layer there are wider tensors than between layers.
    boundarySeconds: each((unit) => (layerStart(unit + 1) ? 0.002 : 0.006)),
    boundaryBytes: each((unit) => (layerStart(unit + 1) ? HIDDEN_BYTES : 3 * HIDDEN_BYTES)),
    stages: at.stages,
    virtualStages: at.virtualStages,
    placement: at.placement,
    inFlight,
    capacityBytes: new Float64Array(at.stages).fill(at.room * mean),
    cutsAfter: [],
  };
}

/** The textbook program over all beginnings of every stage: the baseline of one chunk a device. */
function textbook({ seconds, boundarySeconds, stages }: PartitionProblem): number {
  const units = seconds.length;
  const sums = [0];
  for (const time of seconds) sums.push(sums[sums.length - 1] + time);
  let row = [0, ...new Array<number>(units).fill(Number.POSITIVE_INFINITY)];
  for (let stage = 0; stage < stages; stage++) {
    const next = new Array<number>(units + 1).fill(Number.POSITIVE_INFINITY);
    for (let to = 1; to <= units; to++) {
      for (let from = 0; from < to; from++) {
        const received = from > 0 ? boundarySeconds[from - 1] : 0;
        const sent = to < units ? boundarySeconds[to - 1] : 0;
        next[to] = Math.min(next[to], Math.max(row[from], sums[to] - sums[from] + received + sent));
      }
    }
    row = next;
  }
  return row[units];
}

const PROBLEMS = 5;

/** The least milliseconds of a call over many: what a busy machine does not lengthen. */
function leastMilliseconds(
  problems: readonly PartitionProblem[],
  budget: number,
  once: (p: PartitionProblem) => unknown,
) {
  let least = Number.POSITIVE_INFINITY;
  // A first round for the compiler, which takes its time where others keep the machine busy.
  for (let i = 0, warm = performance.now() + 2 * budget; performance.now() < warm; i++)
    once(problems[i % problems.length]);
  const end = performance.now() + budget;
  for (let i = 0; performance.now() < end; i++) {
    const from = performance.now();
    once(problems[i % problems.length]);
    least = Math.min(least, performance.now() - from);
  }
  return least;
}

/** Times `exact` on GPT-3 175B, beside the textbook program where it answers the same question; false where a target is missed. */
export function run(short: boolean): boolean {
  const budget = short ? 100 : 500;
  let met = true;
  console.log(
    'exact cuts'.padEnd(52),
    'ms'.padStart(8),
    'target'.padStart(8),
    'textbook'.padStart(9),
    'gap'.padStart(8),
  );
  for (const at of CASES) {
    const problems = Array.from({ length: PROBLEMS }, (_, round) => problemOf(at, round));
    const milliseconds = leastMilliseconds(problems, budget, exact);
    const compared = at.placement === 'linear' && at.room === Number.POSITIVE_INFINITY && !at.operators;
    const ratio = compared ? `${(leastMilliseconds(problems, budget, textbook) / milliseconds).toFixed(0)}×` : '';
    const cuts = problems.map(exact);
    const gap = Math.max(...cuts.map((one) => one.bottleneckSeconds / one.lowerBoundSeconds - 1));
    const proved = cuts.every((one) => one.proved) ? ' proved' : '';
    const over = cuts.some((one) => one.overBytes > 0) ? ' over' : '';
    if (milliseconds > at.targetMilliseconds) met = false;
    console.log(
      at.name.padEnd(52),
      milliseconds.toFixed(4).padStart(8),
      at.targetMilliseconds.toFixed(1).padStart(8),
      ratio.padStart(9),
      `${(100 * gap).toFixed(3)}%`.padStart(8) + proved + over,
    );
  }
  return met;
}
