import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectedGraph, UndirectedGraph } from 'graphology';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectGolden } from '../golden/golden.ts';
import { foretrain, job } from './harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'foretrain-partition-'));
afterAll(() => rmSync(folder, { recursive: true }));
// The first job loads everything, which takes long where many tests run at once.
beforeAll(() => foretrain(['partition', '-'], { stdin: JSON.stringify(job) }));

/** What a SageMaker user has, with the configuration that AWS prints. */
const fromSmp = {
  name: 'GPT-2 1.5B',
  model: 'gpt2-1.5b',
  cluster: { instance: 'ml.p3.16xlarge', count: 1 },
  training: { sequenceLength: 1024, globalBatchSize: 32, precision: 'fp16' },
  smp: {
    parameters: {
      pipeline_parallel_degree: 2,
      microbatches: 4,
      placement_strategy: 'spread',
      pipeline: 'interleaved',
      optimize: 'speed',
      ddp: true,
    },
    mpi: { processes_per_host: 8 },
  },
};

const ask = (value: unknown, ...args: readonly string[]) =>
  foretrain(['partition', '-', ...args], { stdin: typeof value === 'string' ? value : JSON.stringify(value) });

interface Answered {
  readonly partitioner: string;
  readonly stages: readonly { readonly layers: number; readonly stage: number; readonly sendBytes: number }[];
}

async function partitions(value: unknown, ...args: readonly string[]): Promise<readonly Answered[]> {
  const { status, stdout, stderr } = await ask(value, '--json', ...args);
  expect([status, stderr]).toEqual([0, '']);
  const answer: { readonly partitions: readonly Answered[] } = JSON.parse(stdout);
  expect(Object.keys(answer)).toEqual(['partitions']);
  return answer.partitions;
}

describe('a job', () => {
  it('is cut by each partitioner, in the form of a report', async () => {
    const found = await partitions(fromSmp);
    expect(found.map(({ partitioner }) => partitioner)).toEqual(['exact', 'tree', 'uniform']);
    for (const { stages } of found) {
      expect(stages.reduce((sum, { layers }) => sum + layers, 0)).toBe(48);
    }
    expect(found[1].stages.map(({ stage }) => stage)).toEqual([0, 1, 0]);
    const { stdout } = await foretrain(['simulate', '-', '--json'], { stdin: JSON.stringify(fromSmp) });
    expect(found[1]).toMatchObject(JSON.parse(stdout).partition);
  });

  it('is drawn for people, with the partition assignments of SageMaker', async () => {
    const { status, stdout } = await ask(fromSmp);
    expect(status).toBe(0);
    expect(stdout).toMatch(/partitioner +busiest device +above bound/);
    expect(stdout).toContain('Partition assignments:');
    expect(stdout).toMatch(/transformer\/layer\/0–23 +0\n +transformer\/layer\/24–47 +1\n +transformer\/head +0/);
  });

  it('says which partitioner cannot cut it, and why', async () => {
    const { stdout } = await ask(job);
    expect(stdout).toContain('tree: runs on smp-interleaved and smp-simple, not on 1f1b');
    expect((await partitions(job)).map(({ partitioner }) => partitioner)).toEqual(['exact', 'uniform']);
  });

  it('is cut by the one that is asked for', async () => {
    expect(await partitions(fromSmp, '--partitioner', 'tree')).toHaveLength(1);
    const byHand = { ...job, parallelism: { ...job.parallelism, stageLayers: [5, 6, 7, 6] } };
    const [layers] = await partitions(byHand, '--partitioner', 'layers');
    expect(layers.stages.map((stage) => stage.layers)).toEqual([5, 6, 7, 6]);
    expect((await partitions(byHand)).map(({ partitioner }) => partitioner)).toEqual(['exact', 'uniform', 'layers']);
  });

  it.each([
    [['--partitioner', 'exakt'], '--partitioner: there is no partitioner "exakt"; did you mean exact?'],
    [['--partitioner', 'layers'], '--partitioner: layers needs stageLayers in the job'],
    [['--partitioner', 'tree'], '--partitioner: tree runs on smp-interleaved and smp-simple, not on 1f1b'],
    [['--parts', '4'], '--parts: is for graphs; the stages of a job are its own pipeline degree, so leave it out'],
  ])('%j is a fault', async (args, line) => {
    expect(await ask(job, ...args)).toMatchObject({ status: 2, stdout: '', faults: [line] });
  });
});

/** A model of any shape: two towers of five operators between a first and a last one. */
function towers() {
  const attributes = {
    forwardFlops: 1e11,
    backwardFlops: 2e11,
    readBytes: 1e6,
    writeBytes: 1e6,
    savedBytes: 1e6,
    parameters: 1e6,
  };
  const levels = [0, 1, 2, 3, 4];
  const keys = ['in', ...levels.map((level) => `a${level}`), ...levels.map((level) => `b${level}`), 'out'];
  const edges = ['a', 'b'].flatMap((tower) =>
    ['in', ...levels.map((level) => `${tower}${level}`)].map((source, at) => ({
      source,
      target: at < levels.length ? `${tower}${at}` : 'out',
      attributes: { bytes: 1e6 },
    })),
  );
  return { nodes: keys.map((key) => ({ key, attributes })), edges };
}

describe('a job whose model is a graph', () => {
  const ofGraph = {
    model: { family: 'graph', name: 'two towers', graph: towers() },
    cluster: { instance: 'p4d.24xlarge', count: 1 },
    stack: 'smp-v1',
    training: { sequenceLength: 128, globalBatchSize: 64, precision: 'bf16' },
    parallelism: { pipeline: 4 },
  };

  it('is cut by exact and multilevel, whose stages hold all operators', async () => {
    const { status, stdout } = await ask(ofGraph, '--json');
    expect(status).toBe(0);
    const { partitions: found } = JSON.parse(stdout);
    expect(found.map(({ partitioner }: Answered) => partitioner)).toEqual(['exact', 'multilevel']);
    for (const { stages, bottleneckSeconds, lowerBoundSeconds } of found) {
      expect(stages.reduce((sum: number, { operators }: { operators: number }) => sum + operators, 0)).toBe(12);
      expect(bottleneckSeconds).toBeGreaterThanOrEqual(lowerBoundSeconds);
    }
  });

  it('is drawn by its operators', async () => {
    const { stdout } = await ask(ofGraph);
    expect(stdout).toContain('two towers on 1 p4d.24xlarge: 12 operators in 4 stages, smp-interleaved');
    expect(stdout).toMatch(/stage +operators +parameters/);
  });

  it('is not cut by what counts layers', async () => {
    const faults = ['--partitioner: uniform needs layers and modules, which a model given as a graph does not have'];
    expect(await ask(ofGraph, '--partitioner', 'uniform')).toMatchObject({ status: 2, faults });
  });

  it('is simulated like any other', async () => {
    const { status, stdout } = await foretrain(['simulate', '-'], { stdin: JSON.stringify(ofGraph) });
    expect(status).toBe(0);
    expect(stdout).toContain('operators');
    const trace = join(folder, 'trace.json');
    expect(await foretrain(['simulate', '-', '--trace', trace], { stdin: JSON.stringify(ofGraph) })).toMatchObject({
      status: 0,
    });
  });
});

/** A grid of n by n nodes. */
function grid(n: number): UndirectedGraph {
  const graph = new UndirectedGraph();
  for (let at = 0; at < n * n; at++) graph.addNode(`${at}`);
  for (let at = 0; at < n * n; at++) {
    if (at % n < n - 1) graph.addUndirectedEdge(`${at}`, `${at + 1}`);
    if (at + n < n * n) graph.addUndirectedEdge(`${at}`, `${at + n}`);
  }
  return graph;
}

/** Two complete graphs of five nodes with one edge between them, as a METIS file. */
const twoCliques = [
  '% two K5 and an edge',
  '10 21',
  ...[1, 2, 3, 4, 5].map((v) => [1, 2, 3, 4, 5].filter((w) => w !== v).join(' ') + (v === 5 ? ' 6' : '')),
  ...[6, 7, 8, 9, 10].map((v) => [6, 7, 8, 9, 10].filter((w) => w !== v).join(' ') + (v === 6 ? ' 5' : '')),
].join('\n');

describe('a graph', () => {
  it('as a graphology export has the fields of the contract', async () => {
    const { status, stdout } = await ask(grid(4).export(), '--parts', '4', '--json');
    expect(status).toBe(0);
    const answer = JSON.parse(stdout);
    expect(Object.keys(answer)).toEqual([
      'parts',
      'cut',
      'communicationVolume',
      'imbalance',
      'acyclic',
      'bottleneck',
      'lowerBound',
    ]);
    // The optimum: four squares, 8 edges cut, and every node but the corners has neighbours elsewhere.
    expect(answer).toMatchObject({ cut: 8, communicationVolume: 16, imbalance: 0, bottleneck: 4, lowerBound: 4 });
    expect(new Set(Object.values(answer.parts))).toEqual(new Set([0, 1, 2, 3]));
  });

  it('as a METIS file is numbered from 1', async () => {
    const file = join(folder, 'cliques.graph');
    writeFileSync(file, twoCliques);
    const { stdout } = await foretrain(['partition', file, '--parts', '2', '--json']);
    const { parts, cut, communicationVolume } = JSON.parse(stdout);
    expect([cut, communicationVolume]).toEqual([1, 2]);
    expect(Object.keys(parts)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
    expect(new Set([1, 2, 3, 4, 5].map((node) => parts[node])).size).toBe(1);
  });

  it('is acyclic where its edges lead from part to part in one direction', async () => {
    const chain = new DirectedGraph();
    for (let at = 0; at < 8; at++) chain.mergeNode(`${at}`, { weight: at === 7 ? 5 : 1 });
    for (let at = 0; at < 7; at++) chain.addDirectedEdge(`${at}`, `${at + 1}`, { weight: 2 });
    const { stdout } = await ask(chain.export(), '--parts', '2', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ cut: 2, acyclic: true, lowerBound: 6 });
    const ring = await ask(grid(4).export(), '--parts', '2', '--json');
    expect(JSON.parse(ring.stdout).acyclic).toBe(false);
  });

  it('is drawn for people', async () => {
    const { status, stdout } = await ask(grid(4).export(), '--parts', '4');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^16 nodes in 4 parts\n +cut +8, communication volume 16\n/);
  });

  it.each([
    [grid(2).export(), [], '--parts: is missing; say into how many parts the graph is cut, as --parts 8'],
    [grid(2).export(), ['--parts', '0'], '--parts: must be a whole number of at least 1, not "0"'],
    [grid(2).export(), ['--parts', 'many'], '--parts: must be a whole number of at least 1, not "many"'],
    [
      grid(2).export(),
      ['--parts', '2', '--partitioner', 'tree'],
      '--partitioner: is for jobs; a graph is cut by graphology-metis, so leave it out',
    ],
  ])('%#: a fault of an option', async (graph, args, line) => {
    expect(await ask(graph, ...args)).toMatchObject({ status: 2, stdout: '', faults: [line] });
  });

  it.each([
    ['3 2\n2\n1 3\n', 'graph'],
    ['3 2\n2\n1 3\n2 9\n', 'line'],
    [JSON.stringify({ nodes: [{ key: 'a' }, { key: 'a' }], edges: [] }), 'graph'],
    [JSON.stringify({ nodes: [{ key: 'a' }], edges: [{ source: 'a', target: 'b' }] }), 'graph'],
    [JSON.stringify({ nodes: [7], edges: [] }), 'graph'],
    [JSON.stringify({ nodes: [{ key: 'a', attributes: { weight: -1 } }], edges: [] }), 'graph'],
  ])('%#: a fault of the graph in one line', async (text, path) => {
    const { status, stdout, faults } = await ask(text, '--parts', '2');
    expect([status, stdout, faults.length]).toEqual([2, '', 1]);
    expect(faults[0]).toMatch(new RegExp(`^${path}`));
  });
});

it('helps', async () => {
  const { stdout } = await foretrain(['partition', '--help']);
  expectGolden('help-partition.txt', stdout);
});
