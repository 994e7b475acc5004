import { countFeatures, nameFeatures, type RunFeatures } from './features.ts';

/**
 * How unlike two runs are. Each part that differs adds to it: names by what they are, counts by how often one doubles
 * to the other. The weights order runs as a person who looks for a precedent would: the machine first, then the
 * software, then how the model is split, then its size.
 */
const nameWeights: Readonly<Record<(typeof nameFeatures)[number], number>> = {
  accelerator: 0.5,
  generation: 5,
  vendor: 5,
  stack: 1.5,
  precision: 1,
  recompute: 0.5,
};

const countWeights: Readonly<Record<(typeof countFeatures)[number], number>> = {
  tensor: 0.5,
  pipeline: 0.5,
  data: 0.25,
  context: 0.75,
  virtualStages: 0.25,
  zeroStage: 1,
  devices: 0.25,
  hiddenSize: 0.5,
  layers: 0.5,
  sequenceLength: 0.5,
  globalBatchSize: 0.15,
  microBatchSize: 0.25,
};

/** A run on another kind of accelerator is this far, and one under another stack whose model is split and sized otherwise. */
export const nearestDistance = 5;

type Names = Pick<RunFeatures, (typeof nameFeatures)[number]>;

/** Runs as flat arrays, so that all can be compared with one in a moment. */
export interface RunTable {
  readonly count: number;
  /** Every combination of names that occurs, and which of them each run has. */
  readonly combinations: readonly Names[];
  readonly combination: Int32Array;
  /** Run by run, the logarithm to base 2 of each count. */
  readonly logarithms: Float64Array;
}

/** A run of the table and how far it is from the one that was asked for. */
export interface Neighbour {
  readonly row: number;
  readonly distance: number;
}

/** A ZeRO stage may be 0, so every count is taken one higher. */
const logarithm = (count: number): number => Math.log2(1 + count);

/** Flattens runs. */
export function tableOf(runs: readonly RunFeatures[]): RunTable {
  const known = new Map<string, number>();
  const combinations: Names[] = [];
  const combination = Int32Array.from(runs, (run) => {
    const key = nameFeatures.map((feature) => run[feature]).join('\n');
    const index = known.get(key) ?? combinations.push(run) - 1;
    known.set(key, index);
    return index;
  });
  const logarithms = Float64Array.from(runs.flatMap((run) => countFeatures.map((feature) => logarithm(run[feature]))));
  return { count: runs.length, combinations, combination, logarithms };
}

const weights = Float64Array.from(countFeatures, (feature) => countWeights[feature]);

function nameDistance(one: Names, other: Names): number {
  return nameFeatures.reduce((sum, name) => (one[name] === other[name] ? sum : sum + nameWeights[name]), 0);
}

/** The `most` nearest runs, nearest first; of equals the one that stands first. Runs that cannot be among them are cut short. */
export function neighbours(table: RunTable, run: RunFeatures, most: number): readonly Neighbour[] {
  const { count, combinations, combination, logarithms } = table;
  const names = Float64Array.from(combinations, (other) => nameDistance(run, other));
  const wanted = Float64Array.from(countFeatures, (feature) => logarithm(run[feature]));
  const found: Neighbour[] = [];
  let limit = Number.POSITIVE_INFINITY;
  for (let row = 0; row < count; row++) {
    let distance = names[combination[row]!]!;
    for (let index = 0; index < weights.length && distance < limit; index++) {
      distance += weights[index]! * Math.abs(logarithms[row * weights.length + index]! - wanted[index]!);
    }
    if (distance >= limit) continue;
    let place = found.length;
    while (place > 0 && distance < found[place - 1]!.distance) place--;
    found.splice(place, 0, { row, distance });
    if (found.length > most) found.pop();
    if (found.length === most) limit = found[most - 1]!.distance;
  }
  return found;
}
