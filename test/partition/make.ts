import fc from 'fast-check';
import { deviceOf, type PartitionProblem, virtualStageCount } from '../../src/partition/index.ts';

/** A problem from plain lists: what is left out is free of charge, and memory without limit. */
export interface ProblemSpec {
  readonly seconds: readonly number[];
  readonly staticBytes?: readonly number[];
  readonly activationBytes?: readonly number[];
  readonly transientBytes?: readonly number[];
  readonly boundarySeconds?: readonly number[];
  readonly boundaryBytes?: readonly number[];
  readonly stages: number;
  readonly virtualStages?: number;
  readonly placement?: PartitionProblem['placement'];
  readonly inFlight?: readonly number[];
  readonly capacityBytes?: readonly number[] | number;
  readonly cutsAfter?: readonly number[];
}

export function problem(spec: ProblemSpec): PartitionProblem {
  const units = spec.seconds.length;
  const { stages, virtualStages = 1, placement = virtualStages > 1 ? 'loop' : 'linear', capacityBytes } = spec;
  const list = (values: readonly number[] | undefined, length: number) =>
    values === undefined ? new Float64Array(length) : Float64Array.from(values);
  const count = virtualStageCount({ stages, virtualStages, placement });
  return {
    seconds: list(spec.seconds, units),
    staticBytes: list(spec.staticBytes, units),
    activationBytes: list(spec.activationBytes, units),
    transientBytes: list(spec.transientBytes, units),
    boundarySeconds: list(spec.boundarySeconds, units - 1),
    boundaryBytes: list(spec.boundaryBytes, units - 1),
    stages,
    virtualStages,
    placement,
    inFlight: spec.inFlight === undefined ? new Float64Array(count).fill(1) : Float64Array.from(spec.inFlight),
    capacityBytes: Float64Array.from(
      Array.from({ length: stages }, (_, device) =>
        typeof capacityBytes === 'number' ? capacityBytes : (capacityBytes?.[device] ?? Number.POSITIVE_INFINITY),
      ),
    ),
    cutsAfter: spec.cutsAfter ?? [],
  };
}

/** Figures of cuts, added up device by device straight from their definition. */
export interface Figures {
  readonly over: number;
  readonly bottleneck: number;
  readonly traffic: number;
  readonly peak: number;
}

export function figuresOf(at: PartitionProblem, ends: ArrayLike<number>): Figures {
  const count = virtualStageCount(at);
  let bottleneck = 0;
  let over = 0;
  let peak = 0;
  let traffic = 0;
  const directions = at.placement === 'dual' ? 2 : 1;
  const placed = (stage: number, direction: number) => {
    const device = deviceOf(at.placement, at.stages, stage);
    return direction === 0 ? device : at.stages - 1 - device;
  };
  for (let device = 0; device < at.stages; device++) {
    let seconds = 0;
    let bytes = 0;
    let transient = 0;
    for (let direction = 0; direction < directions; direction++) {
      for (let stage = 0; stage < count; stage++) {
        if (placed(stage, direction) !== device) continue;
        const from = stage === 0 ? 0 : ends[stage - 1];
        for (let unit = from; unit < ends[stage]; unit++) {
          seconds += at.seconds[unit];
          bytes += at.staticBytes[unit] + at.inFlight[stage] * at.activationBytes[unit];
          transient = Math.max(transient, at.transientBytes[unit]);
        }
        if (stage > 0 && placed(stage - 1, direction) !== device) seconds += at.boundarySeconds[from - 1];
        if (stage + 1 < count && placed(stage + 1, direction) !== device)
          seconds += at.boundarySeconds[ends[stage] - 1];
      }
    }
    bottleneck = Math.max(bottleneck, seconds);
    over = Math.max(over, bytes + transient - at.capacityBytes[device]);
    peak = Math.max(peak, bytes + transient);
  }
  for (let stage = 0; stage + 1 < count; stage++) {
    if (placed(stage, 0) !== placed(stage + 1, 0)) traffic += at.boundaryBytes[ends[stage] - 1];
  }
  return { over: over <= 1e-9 * peak ? 0 : over, bottleneck, traffic, peak };
}

/** Negative where the first is better: over, bottleneck, traffic, peak, in this order. */
export function compareFigures(a: Figures, b: Figures): number {
  for (const key of ['over', 'bottleneck', 'traffic', 'peak'] as const) {
    if (Math.abs(a[key] - b[key]) > 1e-9 * Math.max(Math.abs(a[key]), Math.abs(b[key]))) return a[key] - b[key];
  }
  return 0;
}

/** The best of all contiguous cuts, each of them tried. */
export function bruteForce(at: PartitionProblem): Figures {
  const count = virtualStageCount(at);
  const units = at.seconds.length;
  const ends: number[] = [];
  let best: Figures | undefined;
  const place = (from: number): void => {
    const last = ends.length === count - 1;
    for (let to = last ? units : from + 1; to <= units - (count - 1 - ends.length); to++) {
      if (at.cutsAfter.some((unit) => unit + 1 > from && unit + 1 < to)) break;
      ends.push(to);
      if (last) {
        const figures = figuresOf(at, ends);
        if (best === undefined || compareFigures(figures, best) < 0) best = figures;
      } else place(to);
      ends.pop();
    }
  };
  place(0);
  if (best === undefined) throw new Error('no cuts keep to cutsAfter');
  return best;
}

/** Small chains of all placements, with tensors that cost, limits that often bind, and cuts that are asked for. */
export function smallProblems(placements: readonly PartitionProblem['placement'][], mostUnits: number) {
  return fc
    .record({
      placement: fc.constantFrom(...placements),
      units: fc.integer({ min: 2, max: mostUnits }),
      stages: fc.integer({ min: 1, max: 5 }),
      virtualStages: fc.integer({ min: 2, max: 3 }),
      scale: fc.constantFrom(1, 0.1),
      equal: fc.boolean(),
      free: fc.boolean(),
      percent: fc.integer({ min: 80, max: 220 }),
    })
    .chain((shape) => {
      const { placement, units, scale } = shape;
      const chunks = placement === 'loop' ? shape.virtualStages : placement === 'v' ? 2 : 1;
      const stages = Math.max(1, Math.min(shape.stages, Math.floor(units / chunks)));
      const virtualStages = Math.min(chunks, units);
      const count = virtualStageCount({ placement, stages, virtualStages });
      const values = (length: number, most: number) =>
        fc.array(
          fc.integer({ min: 0, max: most }).map((value) => value * scale),
          { minLength: length, maxLength: length },
        );
      return fc.record({
        seconds: shape.equal ? fc.constant(new Array<number>(units).fill(3 * scale)) : values(units, 9),
        staticBytes: values(units, 5),
        activationBytes: values(units, 3),
        transientBytes: values(units, 4),
        boundarySeconds: shape.free ? fc.constant(new Array<number>(units - 1).fill(0)) : values(units - 1, 3),
        boundaryBytes: values(units - 1, 5),
        stages: fc.constant(stages),
        virtualStages: fc.constant(virtualStages),
        placement: fc.constant(placement),
        inFlight: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: count, maxLength: count }),
        capacityBytes: fc.array(
          fc.integer({ min: 0, max: 30 }).map((more) => shape.percent + more),
          { minLength: stages, maxLength: stages },
        ),
        cutsAfter:
          count < 2
            ? fc.constant([])
            : fc.array(fc.integer({ min: 0, max: units - 1 }), { minLength: 0, maxLength: 1 }),
      });
    })
    .map((spec) => {
      // Capacities are drawn as per cents of the mean need, so that they bind often.
      const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
      const directions = spec.placement === 'dual' ? 2 : 1;
      const held = sum(spec.staticBytes) + (sum(spec.inFlight) / spec.inFlight.length) * sum(spec.activationBytes);
      const need = (directions * held) / spec.stages + Math.max(...spec.transientBytes);
      return problem({ ...spec, capacityBytes: spec.capacityBytes.map((percent) => (percent / 100) * need) });
    });
}

export const withoutLimits = (at: PartitionProblem): PartitionProblem => ({
  ...at,
  capacityBytes: new Float64Array(at.stages).fill(Number.POSITIVE_INFINITY),
});
