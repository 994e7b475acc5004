import { keep, oncePerObject } from '../keep.ts';
import type { ComputeGraph, Unit } from './computeGraph.ts';

const slicesOf = oncePerObject((_: Unit) => new Map<string, Unit>());

/**
 * The operators of a unit from one position up to, not including, another, as a unit of its own; the same object for
 * the same positions, and the unit itself for all of them. Tensors that enter count once, however many operators read
 * them.
 */
export function sliceUnit(unit: Unit, from: number, to: number): Unit {
  if (from === 0 && to === unit.operators.length) return unit;
  return keep(slicesOf(unit), `${from} ${to}`, () => ({
    kind: unit.kind,
    operators: unit.operators.slice(from, to),
    edges: unit.edges
      .filter((edge) => edge.to >= from && edge.to < to)
      .map((edge) => ({ from: Math.max(-1, edge.from - from), to: edge.to - from, bytes: edge.bytes })),
    boundaryBytes: crossingBytes(unit, from),
    share: (to - from) / unit.operators.length,
  }));
}

/** Bytes of one sequence that cross from the operators of a unit before a position to those from there on. */
export function crossingBytes(unit: Unit, position: number): number {
  if (position === 0 || position === unit.operators.length) return unit.boundaryBytes;
  const crossing = new Map<number, number>();
  for (const { from, to, bytes } of unit.edges) {
    if (from < position && to >= position) crossing.set(from, from < 0 ? unit.boundaryBytes : bytes);
  }
  let total = 0;
  for (const bytes of crossing.values()) total += bytes;
  return total;
}

/** A place of a chain: a unit of the graph and an operator of it. */
interface Place {
  readonly unit: number;
  readonly operator: number;
}

/** What a model may be cut between: its units, or their operators one by one. Position i lies before item i. */
export interface Chain {
  readonly graph: ComputeGraph;
  /** Number of items. */
  readonly length: number;
  /** Where each position lies; one more than there are items. */
  readonly places: readonly Place[];
}

/** The units of a graph as a chain. */
export const chainOfUnits = oncePerObject((graph: ComputeGraph): Chain => {
  const places = Array.from({ length: graph.units.length + 1 }, (_, unit) => ({ unit, operator: 0 }));
  return { graph, length: graph.units.length, places };
});

/** The operators of a graph as a chain, in the order in which they run. */
export const chainOfOperators = oncePerObject((graph: ComputeGraph): Chain => {
  const places = graph.units.flatMap((unit, index) => unit.operators.map((_, operator) => ({ unit: index, operator })));
  return { graph, length: places.length, places: [...places, { unit: graph.units.length, operator: 0 }] };
});

/** A whole unit, or a part of one, and which unit of the graph it is of. */
export interface Piece {
  readonly index: number;
  readonly unit: Unit;
  /** True where the piece has the unit's first operator: the unit counts where it begins. */
  readonly begins: boolean;
}

/** The items between two positions, those of the same unit put together. */
export function piecesBetween({ graph, places }: Chain, from: number, to: number): readonly Piece[] {
  const begin = places[from];
  const end = places[to];
  const pieces: Piece[] = [];
  for (let index = begin.unit; index <= Math.min(end.unit, graph.units.length - 1); index++) {
    const unit = graph.units[index];
    const first = index === begin.unit ? begin.operator : 0;
    const last = index === end.unit ? end.operator : unit.operators.length;
    if (last > first) pieces.push({ index, unit: sliceUnit(unit, first, last), begins: first === 0 });
  }
  return pieces;
}

/** Bytes of one sequence that cross a position inside a chain. */
export function bytesAcross({ graph, places }: Chain, position: number): number {
  const { unit, operator } = places[position];
  return operator === 0 ? graph.units[unit - 1].boundaryBytes : crossingBytes(graph.units[unit], operator);
}

/** True where cuts of a chain do not all send the same tensor: inside units, or in a model of any shape. */
export function sendsVary({ graph, length }: Chain): boolean {
  return length > graph.units.length || graph.model.graph !== undefined;
}

/** Bytes of the hidden states of one sequence; in a model of any shape the most that crosses any cut. */
export function hiddenBytes({ units, model }: ComputeGraph): number {
  if (model.graph === undefined) return units[0].boundaryBytes;
  return units.reduce((most, { boundaryBytes }) => Math.max(most, boundaryBytes), 0);
}

/** Bytes of one sequence that virtual stage `stage` sends on; the hidden states where the cuts are not known yet. */
export function sentBytes(chain: Chain, ends: ArrayLike<number> | undefined, stage: number): number {
  return ends === undefined ? hiddenBytes(chain.graph) : bytesAcross(chain, ends[stage]);
}
