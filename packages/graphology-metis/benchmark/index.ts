/**
 * Quality and speed beside METIS: `tsx benchmark/index.ts [--short | --mesh] [GRAPH_DIRECTORY]`.
 *
 * The directory (or the environment variable GRAPHS) holds 4elt, delaunay_n15 and rgg_n_2_15_s0 as `.graph.gz`. Times
 * are processor milliseconds, ours and those that gpmetis prints, measured in this run one after the other.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { type CsrGraph, createRng, partitionCsr, type Quality, readMetisGraph } from '../src/index.ts';
import { hasGpmetis, runGpmetis } from './gpmetis.ts';
import { diagonalMesh } from './mesh.ts';
import { PARTS, REFERENCE } from './reference.ts';

const QUALITIES: readonly Quality[] = ['fast', 'default', 'strong'];

interface Measured {
  readonly cut: number;
  readonly milliseconds: number;
}

const args = process.argv.slice(2);
const short = args.includes('--short');
const meshOnly = args.includes('--mesh');
const partsToMeasure: readonly number[] = short ? [8, 32] : PARTS;
const directory =
  args.find((arg) => !arg.startsWith('--')) ??
  process.env.GRAPHS ??
  fileURLToPath(new URL('../../../../shared/graphs/', import.meta.url));

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

function measure(graph: CsrGraph, parts: number, quality: Quality, seed: number): Measured {
  const before = process.cpuUsage();
  const result = partitionCsr(graph, { parts, quality, rng: createRng(seed) });
  const { user, system } = process.cpuUsage(before);
  if (!result.feasible) throw new Error(`${quality}, ${parts} parts: ${result.warnings.join(' ')}`);
  return { cut: result.cut, milliseconds: (user + system) / 1000 };
}

function seedsOf(quality: Quality): number {
  if (short) return 1;
  return quality === 'strong' ? 3 : 5;
}

function medians(runs: readonly Measured[]): Measured {
  return { cut: median(runs.map((run) => run.cut)), milliseconds: median(runs.map((run) => run.milliseconds)) };
}

function row(cells: readonly (string | number)[]): void {
  console.log(
    cells.map((cell, i) => (i === 0 ? String(cell).padEnd(14) : String(cell).padStart(i === 1 ? 3 : 9))).join(' '),
  );
}

/** Ratios of each quality to METIS, collected over all rows. */
const cuts = new Map<Quality, number[]>(QUALITIES.map((quality) => [quality, []]));
const times = new Map<Quality, number[]>(QUALITIES.map((quality) => [quality, []]));

/** Runs what will be measured until the machine code is there. */
function warmUp(graph: CsrGraph): void {
  for (let i = 0; i < (short ? 4 : 6); i++) {
    for (const quality of ['fast', 'default'] as const) for (const k of [4, 32]) measure(graph, k, quality, 100 + i);
  }
  if (!short) measure(graph, 8, 'strong', 100);
}

/** One of the benchmark's graphs, null when its file is missing. */
function readGraph(name: string): { readonly text: string; readonly graph: CsrGraph } | null {
  const file = join(directory, `${name}.graph.gz`);
  if (!existsSync(file)) {
    console.log(`${name}: ${file} is missing; give the directory of the graphs as an argument.`);
    return null;
  }
  const text = gunzipSync(readFileSync(file)).toString('utf8');
  return { text, graph: readMetisGraph(text) };
}

/**
 * Medians of gpmetis, by graph and parts. All before anything of ours: starting a process leaves every page of this one
 * to be copied at its next write, which would be counted as our time.
 */
function measureGpmetis(scratch: string): Map<string, Measured> {
  const results = new Map<string, Measured>();
  for (const name of Object.keys(REFERENCE)) {
    const read = readGraph(name);
    if (read === null) continue;
    const plain = join(scratch, `${name}.graph`);
    writeFileSync(plain, read.text);
    for (const k of partsToMeasure) {
      results.set(`${name} ${k}`, medians([1, 2, 3, 4, 5].map((seed) => runGpmetis(plain, k, seed))));
    }
  }
  return results;
}

function benchmarkGraph(name: string, theirs: ReadonlyMap<string, Measured>): void {
  const graph = readGraph(name)?.graph;
  if (graph === undefined) return;
  warmUp(graph);
  for (const [i, k] of PARTS.entries()) {
    if (!partsToMeasure.includes(k)) continue;
    const reference = REFERENCE[name].metis[i];
    const ours = new Map<Quality, Measured>();
    for (const quality of QUALITIES) {
      if (short && quality === 'strong') continue;
      const runs: Measured[] = [];
      for (let seed = 1; seed <= seedsOf(quality); seed++) {
        runs.push(measure(graph, k, quality, seed));
      }
      const result = medians(runs);
      ours.set(quality, result);
      cuts.get(quality)?.push(result.cut / reference);
    }
    const them = theirs.get(`${name} ${k}`) ?? null;
    if (them !== null) {
      for (const [quality, result] of ours) times.get(quality)?.push(result.milliseconds / them.milliseconds);
    }
    const cells = QUALITIES.map((quality) => ours.get(quality));
    row([
      name,
      k,
      reference,
      ...cells.map((cell) => cell?.cut ?? '-'),
      ...cells.map((cell) => (cell ? (cell.cut / reference).toFixed(3) : '-')),
      them === null ? '-' : them.cut,
      them === null ? '-' : them.milliseconds.toFixed(0),
      ...cells.map((cell) => cell?.milliseconds.toFixed(0) ?? '-'),
    ]);
  }
}

function benchmarkMesh(side: number): void {
  const mesh = diagonalMesh(side, 7);
  const started = performance.now();
  const { cut, milliseconds } = measure(mesh, 32, 'default', 1);
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `\nmesh of ${side * side} nodes and ${(mesh.adjncy.length / 2).toLocaleString('en')} edges, default, k = 32: ` +
      `cut ${cut} in ${seconds.toFixed(2)} s (${(milliseconds / 1000).toFixed(2)} processor seconds)`,
  );
}

function measureAll(): void {
  const installed = hasGpmetis();
  console.log(
    `Edge cuts at 3% imbalance and processor milliseconds; gpmetis is ${installed ? '' : 'not '}installed.\n`,
  );
  const scratch = mkdtempSync(join(tmpdir(), 'graphology-metis-'));
  let theirs = new Map<string, Measured>();
  try {
    if (installed) theirs = measureGpmetis(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  row([
    'graph',
    'k',
    'METIS',
    ...QUALITIES,
    'f/METIS',
    'd/METIS',
    's/METIS',
    'gpmetis',
    'gp ms',
    'f ms',
    'd ms',
    's ms',
  ]);
  for (const name of Object.keys(REFERENCE)) benchmarkGraph(name, theirs);
  console.log('');
  for (const quality of QUALITIES) {
    const ratios = cuts.get(quality) ?? [];
    if (ratios.length === 0) continue;
    const slower = times.get(quality) ?? [];
    const time = slower.length === 0 ? '' : `, time ${geometricMean(slower).toFixed(2)} of gpmetis`;
    console.log(`${quality.padEnd(8)} cut ${geometricMean(ratios).toFixed(4)} of METIS (geometric mean)${time}`);
  }
  benchmarkMesh(short ? 200 : 578);
}

if (meshOnly) benchmarkMesh(578);
else measureAll();
