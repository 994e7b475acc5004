import { graphModel } from '../graph/graphModel.ts';
import type { ModelSpec } from '../graph/model.ts';
import type { Gemm } from '../graph/operator.ts';
import { type OperatorLink, type OperatorNode, topologicalOrder } from '../graph/operatorGraph.ts';
import type { FaultList } from './faults.ts';
import type { InlineModel } from './schema/model.ts';
import { listed, shown, shownText } from './words.ts';

/** Larger graphs take minutes to cut. */
const mostOperators = 20_000;
/** Faults of a graph that are named one by one; a file of noise may hold millions. */
const mostFaults = 12;
const mostNamed = 6;

type Fields = Readonly<Record<string, unknown>>;

const counts = [
  'forwardFlops',
  'backwardFlops',
  'readBytes',
  'writeBytes',
  'savedBytes',
  'parameters',
] as const satisfies readonly (keyof OperatorNode)[];

/** Products of a few of these stay finite. */
const mostCount = 1e24;

/**
 * A model of any shape: its graph as graphology exports one. Each node has the counts of an operator for one sequence,
 * each edge the bytes of the tensor that it stands for; other attributes are left alone.
 */
export function readGraphModel(input: InlineModel, faults: FaultList): ModelSpec | undefined {
  const others = Object.entries(input).filter(([key, value]) => value !== undefined && !graphFields.includes(key));
  for (const [key] of others) {
    faults.add(`model.${key}`, 'does not go with family graph, whose operators say everything; leave it out');
  }
  const { nodes: givenNodes, edges: givenEdges } = isObject(input.graph) ? input.graph : {};
  if (!Array.isArray(givenNodes) || givenNodes.length === 0) {
    const what = input.graph === undefined ? 'is missing' : 'has no nodes';
    faults.add(
      'model.graph',
      `${what}; write a graphology export: { "nodes": [{ "key", "attributes" }], "edges": […] }`,
    );
    return undefined;
  }
  if (givenNodes.length > mostOperators) {
    faults.add('model.graph.nodes', `are ${shown(givenNodes.length)}; at most ${shown(mostOperators)} are forecast`);
    return undefined;
  }
  const found = limited(faults);
  const nodes = givenNodes.map((node: unknown, index) => readNode(node, `model.graph.nodes.${index}`, found));
  const numbers = new Map<string, number>();
  nodes.forEach((node, index) => {
    if (node === undefined) return;
    if (numbers.has(node.name))
      found(`model.graph.nodes.${index}.key`, `${shown(node.name)} is there twice; rename one`);
    numbers.set(node.name, index);
  });
  const edges: readonly unknown[] = Array.isArray(givenEdges) ? givenEdges : [];
  if (givenEdges !== undefined && !Array.isArray(givenEdges)) {
    found('model.graph.edges', `must be a list of edges, not ${shown(givenEdges)}`);
  }
  const links = edges.map((edge, index) => readEdge(edge, `model.graph.edges.${index}`, numbers, found));
  if (found.count() > 0) return undefined;
  return inOrder(input.name ?? 'a graph', nodes as OperatorNode[], links as OperatorLink[], faults);
}

const graphFields: readonly string[] = ['name', 'family', 'graph'];

/** The model with its operators in topological order. */
function inOrder(
  name: string,
  nodes: readonly OperatorNode[],
  links: readonly OperatorLink[],
  faults: FaultList,
): ModelSpec | undefined {
  const { order, left } = topologicalOrder(nodes.length, links);
  if (left.length > 0) {
    const names = listed(
      circleIn(left, links).map((node) => shownText(nodes[node]!.name)),
      mostNamed,
    );
    faults.add('model.graph.edges', `lead in a circle (${names}); an operator can only read what is there before it`);
    return undefined;
  }
  const places = new Int32Array(nodes.length);
  order.forEach((node, place) => {
    places[node] = place;
  });
  return graphModel(name, {
    nodes: order.map((node) => nodes[node]!),
    links: links.map(({ from, to, bytes }) => ({ from: places[from]!, to: places[to]!, bytes })),
  });
}

/** Operators of one circle, in its direction: each of those left over reads another that is. */
function circleIn(left: readonly number[], links: readonly OperatorLink[]): readonly number[] {
  const open = new Set(left);
  const before = new Map<number, number>();
  for (const { from, to } of links) if (open.has(from) && open.has(to)) before.set(to, from);
  const seen = new Set<number>();
  let node = left[0]!;
  while (!seen.has(node)) {
    seen.add(node);
    node = before.get(node)!;
  }
  const way = [...seen];
  return way.slice(way.indexOf(node)).reverse();
}

/** Adds faults up to a limit, after which it says once that there are more. */
function limited(faults: FaultList) {
  let count = 0;
  const add = (path: string, message: string): void => {
    count += 1;
    if (count <= mostFaults) faults.add(path, message);
    else if (count === mostFaults + 1) faults.add('model.graph', 'has more faults than these; mend them first');
  };
  return Object.assign(add, { count: () => count });
}

type AddFault = (path: string, message: string) => void;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readNode(value: unknown, path: string, add: AddFault): OperatorNode | undefined {
  if (!isObject(value) || !isName(value.key)) {
    add(path, 'must be a node with a key: { "key": "encoder.0.attention", "attributes": { … } }');
    return undefined;
  }
  const attributes = isObject(value.attributes) ? value.attributes : {};
  const read = Object.fromEntries(
    counts.map((name) => [name, readCount(attributes[name], `${path}.attributes.${name}`, add)]),
  ) as Record<(typeof counts)[number], number>;
  if (Number.isFinite(read.parameters) && !Number.isSafeInteger(read.parameters)) {
    add(`${path}.attributes.parameters`, `must be a whole number, not ${shown(read.parameters)}`);
  }
  const gemm = readGemm(attributes.gemm, `${path}.attributes.gemm`, add);
  return { name: String(value.key), ...read, ...(gemm === undefined ? {} : { gemm }) };
}

/** Keys of graphology are text, or numbers that become text. */
function isName(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '') || typeof value === 'number';
}

function readCount(value: unknown, path: string, add: AddFault): number {
  if (typeof value === 'number' && value >= 0 && value <= mostCount) return value;
  add(
    path,
    value === undefined
      ? 'is missing; write a number of at least 0'
      : `must be a number of at least 0, not ${shown(value)}`,
  );
  return Number.NaN;
}

function readGemm(value: unknown, path: string, add: AddFault): Gemm | undefined {
  if (value === undefined || value === null) return undefined;
  const sizes: readonly unknown[] = Array.isArray(value) ? value : [];
  const isSize = (size: unknown): size is number => typeof size === 'number' && size > 0 && size <= mostSize;
  const [m, n, k] = sizes;
  if (sizes.length === 3 && isSize(m) && isSize(n) && isSize(k)) return { m, n, k };
  const what = Array.isArray(value) ? `[${listed(sizes.map(shown), mostNamed)}]` : shown(value);
  add(path, `must be the three sizes [m, n, k] of a product of [m, k] by [k, n], each above 0, not ${what}`);
  return undefined;
}

const mostSize = 1e12;

function readEdge(
  value: unknown,
  path: string,
  numbers: ReadonlyMap<string, number>,
  add: AddFault,
): OperatorLink | undefined {
  if (!isObject(value)) {
    add(path, 'must be an edge: { "source", "target", "attributes": { "bytes": … } }');
    return undefined;
  }
  const end = (name: 'source' | 'target'): number => {
    const key = value[name];
    const number = isName(key) ? numbers.get(String(key)) : undefined;
    if (number !== undefined) return number;
    add(
      `${path}.${name}`,
      key === undefined ? 'is missing; write the key of a node' : `${shown(key)} is not the key of a node`,
    );
    return -1;
  };
  const [from, to] = [end('source'), end('target')];
  if (from >= 0 && from === to) add(path, `leads from ${shown(value.source)} to itself; leave it out`);
  if (value.undirected === true)
    add(`${path}.undirected`, 'true has no direction; a tensor goes from source to target');
  const attributes = isObject(value.attributes) ? value.attributes : {};
  return { from, to, bytes: readCount(attributes.bytes, `${path}.attributes.bytes`, add) };
}
