import type { ComputeGraph, Unit } from './computeGraph.ts';
import type { ModelSpec } from './model.ts';
import type { Operator, OperatorEdge } from './operator.ts';
import type { OperatorGraph, OperatorLink, OperatorNode } from './operatorGraph.ts';

/** A model of any shape as a ModelSpec: it has no layers, and everything that counts is in its graph. */
export function graphModel(name: string, graph: OperatorGraph): ModelSpec {
  return {
    name,
    family: 'graph',
    layers: 0,
    hiddenSize: 0,
    attentionHeads: 0,
    keyValueHeads: 0,
    headSize: 0,
    feedForwardSize: 0,
    vocabularySize: 0,
    maxSequenceLength: 0,
    activation: 'gelu',
    norm: 'layernorm',
    positions: 'none',
    bias: false,
    tiedEmbeddings: false,
    dropout: 0,
    queryKeyNorm: false,
    graph,
  };
}

/**
 * A model of any shape as a chain of units, each a single operator, in a topological order. A unit's boundary is all
 * that crosses from it and those before it to those after it; a tensor that several operators read crosses once for each.
 * @param order numbers of the operators in the order in which they run; by default that of the graph
 */
export function operatorGraph(model: ModelSpec, graph: OperatorGraph, order?: Int32Array): ComputeGraph {
  const { nodes, links } = graph;
  const places = Int32Array.from(nodes, (_, index) => index);
  order?.forEach((node, place) => {
    places[node] = place;
  });
  const incoming: OperatorLink[][] = nodes.map(() => []);
  const outputBytes = new Float64Array(nodes.length);
  const changes = new Float64Array(nodes.length);
  for (const link of links) {
    incoming[link.to]!.push(link);
    outputBytes[link.from] = Math.max(outputBytes[link.from]!, link.bytes);
    changes[places[link.from]!]! += link.bytes;
    changes[places[link.to]!]! -= link.bytes;
  }
  const running = order ?? places;
  let crossing = 0;
  const units = Array.from(running, (node, place): Unit => {
    crossing = place + 1 < nodes.length ? Math.max(0, crossing + changes[place]!) : 0;
    return {
      kind: 'operator',
      operators: [operatorOf(nodes[node]!, outputBytes[node]!)],
      edges: incoming[node]!.map(({ bytes }): OperatorEdge => ({ from: -1, to: 0, bytes })),
      boundaryBytes: crossing,
    };
  });
  return { model, units };
}

/** What the backward pass moves: it reads what was saved and the gradient of the output, and writes those of the inputs. */
function operatorOf(node: OperatorNode, outputBytes: number): Operator {
  const { name, forwardFlops, backwardFlops, readBytes, writeBytes, savedBytes, parameters, gemm } = node;
  return {
    kind: 'operator',
    module: name,
    parameters,
    wholeParameters: parameters,
    forwardFlops,
    backwardFlops,
    readBytes,
    writeBytes,
    backwardBytes: gemm === undefined ? readBytes + writeBytes + savedBytes : 0,
    outputBytes,
    saved: savedBytes > 0 ? [{ name: `saved by ${name}`, bytes: savedBytes, core: false }] : [],
    ...(gemm === undefined ? {} : { gemm }),
  };
}
