/** How far one figure is off, and how far such figures are expected to be. */
export interface Residual {
  readonly value: number;
  readonly spread: number;
}

/** Beyond this many spreads an error counts in proportion, not by its square. @source Huber 1964: 1.345 for 95% efficiency */
const huber = 1.345;
/** Of the logarithm of a factor, for the slope of the residuals. */
const stepOfSlope = 0.02;
const mostSteps = 12;
const mostHalvings = 4;
/** A change of every parameter below this is the end. */
const smallestStep = 1e-4;

/**
 * The parameters with the least sum of Huber losses of the residuals and squares of parameter ÷ spread: Gauss–Newton
 * steps with weights found anew at each, halved where they overshoot. Starts from 0, the centre of the prior.
 *
 * @param spreads of each parameter before anything is measured
 */
export function gaussNewton(
  residualsAt: (parameters: readonly number[]) => readonly Residual[],
  spreads: readonly number[],
): readonly number[] {
  let parameters: readonly number[] = spreads.map(() => 0);
  let residuals = residualsAt(parameters);
  let loss = lossOf(residuals, parameters, spreads);
  for (let step = 0; step < mostSteps; step++) {
    const slopes = parameters.map((_, index) => {
      const moved = residualsAt(parameters.map((value, other) => (other === index ? value + stepOfSlope : value)));
      return moved.map(({ value }, row) => (value - residuals[row]!.value) / stepOfSlope);
    });
    const direction = solve(...normalEquations(residuals, slopes, parameters, spreads));
    const next = lineSearch(residualsAt, spreads, parameters, direction, loss);
    if (next === undefined) break;
    ({ parameters, residuals, loss } = next);
    if (direction.every((change) => Math.abs(change) < smallestStep)) break;
  }
  return parameters;
}

function lineSearch(
  residualsAt: (parameters: readonly number[]) => readonly Residual[],
  spreads: readonly number[],
  from: readonly number[],
  direction: readonly number[],
  loss: number,
) {
  for (let halvings = 0; halvings < mostHalvings; halvings++) {
    const parameters = from.map((value, index) => value + direction[index]! / 2 ** halvings);
    const residuals = residualsAt(parameters);
    const reached = lossOf(residuals, parameters, spreads);
    if (reached < loss) return { parameters, residuals, loss: reached };
  }
  return undefined;
}

function lossOf(residuals: readonly Residual[], parameters: readonly number[], spreads: readonly number[]): number {
  const ofRow = ({ value, spread }: Residual): number => {
    const size = Math.abs(value / spread);
    return size <= huber ? size ** 2 / 2 : huber * (size - huber / 2);
  };
  const data = residuals.reduce((sum, residual) => sum + ofRow(residual), 0);
  return parameters.reduce((sum, value, index) => sum + (value / spreads[index]!) ** 2 / 2, data);
}

function normalEquations(
  residuals: readonly Residual[],
  slopes: readonly (readonly number[])[],
  parameters: readonly number[],
  spreads: readonly number[],
): [number[][], number[]] {
  const weights = residuals.map(({ value, spread }) => {
    const size = Math.abs(value / spread);
    return (size <= huber ? 1 : huber / size) / spread ** 2;
  });
  const dot = (one: readonly number[], other: readonly number[]) =>
    one.reduce((sum, value, row) => sum + weights[row]! * value * other[row]!, 0);
  const values = residuals.map(({ value }) => value);
  const matrix = slopes.map((one, i) => slopes.map((other, j) => dot(one, other) + (i === j ? spreads[i]! ** -2 : 0)));
  const right = slopes.map((one, i) => -dot(one, values) - parameters[i]! / spreads[i]! ** 2);
  return [matrix, right];
}

/** Solves a small system of linear equations; the prior keeps its matrix positive definite, so no pivot is zero. */
function solve(matrix: number[][], right: number[]): number[] {
  const size = right.length;
  for (let pivot = 0; pivot < size; pivot++) {
    for (let row = pivot + 1; row < size; row++) {
      const ratio = matrix[row]![pivot]! / matrix[pivot]![pivot]!;
      for (let column = pivot; column < size; column++) matrix[row]![column]! -= ratio * matrix[pivot]![column]!;
      right[row]! -= ratio * right[pivot]!;
    }
  }
  const solution = new Array<number>(size).fill(0);
  for (let row = size - 1; row >= 0; row--) {
    let value = right[row]!;
    for (let column = row + 1; column < size; column++) value -= matrix[row]![column]! * solution[column]!;
    solution[row] = value / matrix[row]![row]!;
  }
  return solution;
}
