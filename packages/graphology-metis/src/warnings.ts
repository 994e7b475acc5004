import type { FlatGraph } from './core/flat-graph.ts';
import type { Limits } from './core/limits.ts';
import type { Settings } from './settings.ts';

function round(value: number): number {
  return Number(value.toPrecision(6));
}

function constraintName(c: number, ncon: number): string {
  return ncon === 1 ? '' : ` in weight ${c}`;
}

function heaviestOf(graph: FlatGraph, c: number): number {
  let heaviest = 0;
  for (let v = 0; v < graph.n; v++) heaviest = Math.max(heaviest, graph.vwgt[v * graph.ncon + c]);
  return heaviest;
}

/** What is impossible from the start, whatever the partition. */
export function wishWarnings(graph: FlatGraph, limits: Limits, settings: Settings, fixed: Int32Array | null): string[] {
  const warnings: string[] = [];
  const { k, ncon, allowed, share, scale } = limits;
  if (graph.n < k)
    warnings.push(`there are ${k} parts but only ${graph.n} nodes or groups of nodes: some parts are empty.`);
  for (let c = 0; c < ncon; c++) {
    if (scale[c] === 0) {
      if (graph.n > 0) warnings.push(`all node weights are 0${constraintName(c, ncon)}: nothing to balance.`);
      continue;
    }
    let most = 0;
    let raised = 0;
    for (let p = 0; p < k; p++) {
      const i = p * ncon + c;
      const wish = ((1 + settings.imbalance[c]) * share[i]) / scale[c];
      most = Math.max(most, allowed[i]);
      if (allowed[i] > wish * (1 + 1e-6)) raised = Math.max(raised, allowed[i]);
    }
    if (raised > 0 && k > 1) {
      warnings.push(
        `an imbalance of ${round(settings.imbalance[c])} leaves less than the share rounded up to whole nodes` +
          `${constraintName(c, ncon)}: parts may weigh up to ${round(raised)}.`,
      );
    }
    const heaviest = heaviestOf(graph, c);
    if (heaviest > most * (1 + 1e-6)) {
      warnings.push(
        `the heaviest node or group weighs ${round(heaviest)}${constraintName(c, ncon)}, more than the ${round(most)} ` +
          `a part may weigh: that excess is unavoidable.`,
      );
    }
    if (fixed !== null) warnings.push(...fixedWarnings(graph, limits, fixed, c));
  }
  return warnings;
}

function fixedWarnings(graph: FlatGraph, limits: Limits, fixed: Int32Array, c: number): string[] {
  const { k, ncon, limit } = limits;
  const weight = new Float64Array(k);
  for (let v = 0; v < graph.n; v++) if (fixed[v] >= 0) weight[fixed[v]] += graph.vwgt[v * ncon + c];
  const warnings: string[] = [];
  for (let p = 0; p < k; p++) {
    if (weight[p] <= limit[p * ncon + c]) continue;
    warnings.push(
      `the nodes fixed to part ${p} weigh ${round(weight[p])}${constraintName(c, ncon)}, more than the ` +
        `${round(limit[p * ncon + c])} it may weigh: that excess is unavoidable.`,
    );
  }
  return warnings;
}

/** What this partition did not reach. */
export function infeasibleWarnings(
  graph: FlatGraph,
  limits: Limits,
  weights: Float64Array,
  facts: { readonly empty: number; readonly broken: boolean; readonly connected: boolean },
): string[] {
  const warnings: string[] = [];
  const { k, ncon, limit, scale } = limits;
  for (let c = 0; c < ncon; c++) {
    let worst = -1;
    for (let p = 0; p < k; p++) {
      const over = weights[p * ncon + c] - limit[p * ncon + c];
      if (over > 0 && (worst < 0 || over > weights[worst * ncon + c] - limit[worst * ncon + c])) worst = p;
    }
    if (worst < 0 || scale[c] === 0) continue;
    warnings.push(
      `no partition within the limits was found: part ${worst} weighs ${round(weights[worst * ncon + c])}` +
        `${constraintName(c, ncon)}, ${round(weights[worst * ncon + c] - limit[worst * ncon + c])} over its limit of ` +
        `${round(limit[worst * ncon + c])}.`,
    );
  }
  if (facts.empty > 0 && graph.n >= k)
    warnings.push(`${facts.empty} parts are empty, because fixed nodes leave none for them.`);
  if (facts.broken) {
    warnings.push(
      facts.connected
        ? 'not every part is connected: fixed nodes or groups stand in the way.'
        : 'not every part is connected, because the graph is not.',
    );
  }
  return warnings;
}
