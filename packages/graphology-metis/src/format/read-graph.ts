import { fault } from '../errors.ts';
import { LineReader } from './line-reader.ts';

/** A METIS `.graph` file as flat arrays; an absent weight is null. */
export interface MetisGraphFile {
  readonly xadj: Int32Array;
  /** Neighbours, numbered from 0 (from 1 in the file). */
  readonly adjncy: Int32Array;
  readonly adjwgt: Float64Array | null;
  readonly vwgt: Float64Array | null;
  readonly ncon: number;
  readonly vsize: Float64Array | null;
}

interface Header {
  readonly n: number;
  readonly m: number;
  readonly hasSizes: boolean;
  readonly hasNodeWeights: boolean;
  readonly hasEdgeWeights: boolean;
  readonly ncon: number;
}

function at(line: number, sentence: string): Error {
  return fault(`line ${line}: ${sentence}`);
}

function readHeader(reader: LineReader): Header {
  if (!reader.nextLine(true)) throw fault('the file holds no header `n m [fmt [ncon]]`.');
  const { line } = reader;
  const tokens = reader.rest();
  if (tokens.length < 2 || tokens.length > 4 || tokens.some((token) => !/^\d+$/.test(token))) {
    throw at(line, `the header should be \`n m [fmt [ncon]]\` in whole numbers, not \`${tokens.join(' ')}\`.`);
  }
  const [n, m] = tokens.map(Number);
  const fmt = (tokens[2] ?? '0').padStart(3, '0');
  if (!/^[01]{3}$/.test(fmt)) {
    throw at(
      line,
      `the format \`${tokens[2]}\` should be up to three digits 0 or 1: sizes, node weights, edge weights.`,
    );
  }
  const hasNodeWeights = fmt[1] === '1';
  const ncon = tokens[3] === undefined ? 1 : Number(tokens[3]);
  if (tokens[3] !== undefined && ncon > 0 && !hasNodeWeights) {
    throw at(line, `the header promises ${ncon} node weights, but the format \`${tokens[2]}\` has no node weights.`);
  }
  if (hasNodeWeights && ncon < 1) throw at(line, 'the header promises node weights, but 0 for each node.');
  return {
    n,
    m,
    hasSizes: fmt[0] === '1',
    hasNodeWeights,
    hasEdgeWeights: fmt[2] === '1',
    ncon: Math.max(1, ncon),
  };
}

function wholeNumber(reader: LineReader, what: string): number {
  const value = reader.number();
  if (Number.isInteger(value) && value >= 0) return value;
  throw at(reader.line, `${what} should be a non-negative whole number, not \`${reader.token()}\`.`);
}

/** Checks that every edge stands in the lines of both its ends, once, with one weight. */
function checkSymmetry(file: MetisGraphFile, lines: Int32Array): void {
  const { xadj, adjncy, adjwgt } = file;
  const n = xadj.length - 1;
  // Rows transposed: who lists each vertex.
  const start = new Int32Array(n + 1);
  for (let e = 0; e < adjncy.length; e++) start[adjncy[e] + 1]++;
  for (let v = 0; v < n; v++) start[v + 1] += start[v];
  const next = start.slice(0, n);
  const lister = new Int32Array(adjncy.length);
  const entry = new Int32Array(adjncy.length);
  for (let v = 0; v < n; v++) {
    for (let e = xadj[v]; e < xadj[v + 1]; e++) {
      const i = next[adjncy[e]]++;
      lister[i] = v;
      entry[i] = e;
    }
  }
  const place = new Int32Array(n).fill(-1);
  for (let v = 0; v < n; v++) {
    for (let e = xadj[v]; e < xadj[v + 1]; e++) {
      const u = adjncy[e];
      if (place[u] >= xadj[v]) throw at(lines[v], `vertex ${v + 1} lists vertex ${u + 1} twice.`);
      place[u] = e;
    }
    for (let i = start[v]; i < start[v + 1]; i++) {
      const u = lister[i];
      if (place[u] < xadj[v]) {
        throw at(
          lines[u],
          `vertex ${u + 1} lists vertex ${v + 1}, but line ${lines[v]} does not list vertex ${u + 1}.`,
        );
      }
      if (adjwgt !== null && adjwgt[place[u]] !== adjwgt[entry[i]]) {
        throw at(
          lines[u],
          `the edge between vertices ${u + 1} and ${v + 1} weighs ${adjwgt[entry[i]]} here, but ${adjwgt[place[u]]} in line ${lines[v]}.`,
        );
      }
    }
  }
}

function checkCount(entries: number, m: number, headerLine: number): void {
  if (entries === 2 * m) return;
  const half = entries === m ? ' The header should count each edge once: was it counted twice?' : '';
  throw at(
    headerLine,
    `the header promises ${m} edges, which is ${2 * m} entries, but the lines hold ${entries}.${half}`,
  );
}

/**
 * Reads a METIS `.graph` file.
 *
 * @param text the whole file
 * @returns arrays that `partitionCsr` takes
 * @throws Error that names the line and what is wrong with it
 * @source METIS 5.1 manual, section 4.1.1
 */
export function readMetisGraph(text: string): MetisGraphFile {
  const reader = new LineReader(text);
  const { n, m, hasSizes, hasNodeWeights, hasEdgeWeights, ncon } = readHeader(reader);
  const headerLine = reader.line;
  const xadj = new Int32Array(n + 1);
  const lines = new Int32Array(n);
  const vsize = hasSizes ? new Float64Array(n) : null;
  const vwgt = hasNodeWeights ? new Float64Array(n * ncon) : null;
  // A wrong header must not decide how much memory is taken.
  let room = Math.min(2 * m, text.length);
  let adjncy = new Int32Array(room);
  let adjwgt = new Float64Array(hasEdgeWeights ? room : 0);
  let entries = 0;
  for (let v = 0; v < n; v++) {
    if (!reader.nextLine(false)) throw fault(`the file ends after ${v} of the ${n} vertices that its header promises.`);
    const { line } = reader;
    lines[v] = line;
    if (vsize !== null) {
      if (!reader.hasMore()) throw at(line, `vertex ${v + 1} lacks its size.`);
      vsize[v] = wholeNumber(reader, 'a vertex size');
    }
    if (vwgt !== null) {
      for (let c = 0; c < ncon; c++) {
        if (!reader.hasMore()) throw at(line, `vertex ${v + 1} has ${c} of its ${ncon} weights.`);
        vwgt[v * ncon + c] = wholeNumber(reader, 'a vertex weight');
      }
    }
    while (reader.hasMore()) {
      const u = wholeNumber(reader, 'a neighbour');
      if (u < 1 || u > n) throw at(line, `vertex ${v + 1} lists vertex ${u}, but vertices run from 1 to ${n}.`);
      if (u === v + 1) throw at(line, `vertex ${u} lists itself.`);
      if (entries === room) {
        room = 2 * room + 16;
        adjncy = grown(adjncy, new Int32Array(room));
        if (hasEdgeWeights) adjwgt = grown(adjwgt, new Float64Array(room));
      }
      if (hasEdgeWeights) {
        if (!reader.hasMore()) throw at(line, `the edge from vertex ${v + 1} to vertex ${u} lacks its weight.`);
        const weight = reader.number();
        if (!Number.isInteger(weight) || weight <= 0) {
          throw at(line, `an edge weight should be a positive whole number, not \`${reader.token()}\`.`);
        }
        adjwgt[entries] = weight;
      }
      adjncy[entries++] = u - 1;
    }
    xadj[v + 1] = entries;
  }
  if (reader.nextLine(true)) {
    throw at(reader.line, `there is text after the ${n} vertices that the header promises.`);
  }
  const file: MetisGraphFile = {
    xadj,
    adjncy: adjncy.slice(0, entries),
    adjwgt: hasEdgeWeights ? adjwgt.slice(0, entries) : null,
    vwgt,
    ncon,
    vsize,
  };
  checkSymmetry(file, lines);
  checkCount(entries, m, headerLine);
  return file;
}

function grown<T extends Int32Array | Float64Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
