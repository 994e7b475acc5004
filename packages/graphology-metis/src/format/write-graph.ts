import { type CsrGraph, flatGraphFrom } from '../csr.ts';
import { fault } from '../errors.ts';

function allOne(values: Float64Array): boolean {
  return values.every((value) => value === 1);
}

function check(name: string, values: Float64Array, least: number): void {
  for (const value of values) {
    if (!Number.isInteger(value) || value < least) {
      throw fault(
        `a .graph file holds ${least > 0 ? 'positive' : 'non-negative'} whole numbers only, but ${name} has ${value}.`,
      );
    }
  }
}

/**
 * Writes a METIS `.graph` file. Weights and sizes that are all 1 are left out.
 *
 * @throws Error when the arrays do not make a graph, or hold numbers the format has no place for
 */
export function writeMetisGraph(csr: CsrGraph): string {
  const { graph, sizes } = flatGraphFrom(csr);
  const { n, ncon, xadj, adjncy, adjwgt, vwgt } = graph;
  const hasSizes = sizes !== null && !allOne(sizes);
  const hasNodeWeights = ncon > 1 || !allOne(vwgt);
  const hasEdgeWeights = !allOne(adjwgt);
  if (sizes !== null) check('`vsize`', sizes, 0);
  check('`vwgt`', vwgt, 0);
  check('`adjwgt`', adjwgt, 1);
  const fmt = `${hasSizes ? 1 : 0}${hasNodeWeights ? 1 : 0}${hasEdgeWeights ? 1 : 0}`;
  const header = [n, xadj[n] / 2];
  const lines = [`${header.join(' ')}${fmt === '000' ? '' : ` ${fmt}`}${ncon > 1 ? ` ${ncon}` : ''}`];
  for (let v = 0; v < n; v++) {
    const line: number[] = [];
    if (hasSizes) line.push(sizes[v]);
    if (hasNodeWeights) for (let c = 0; c < ncon; c++) line.push(vwgt[v * ncon + c]);
    for (let e = xadj[v]; e < xadj[v + 1]; e++) {
      line.push(adjncy[e] + 1);
      if (hasEdgeWeights) line.push(adjwgt[e]);
    }
    lines.push(line.join(' '));
  }
  return `${lines.join('\n')}\n`;
}
