export type Node = { key: string; attributes: Record<string, unknown> };
export type Edge = { source: string; target: string; attributes: { bytes: number } };

/** A tensor: the operator that makes it, its tokens and its width. */
type Tensor = { from: string; tokens: number; width: number };

/**
 * A pen that draws a model as a graph of operators, as graphology writes one: each word adds what a paper calls by that
 * name. Counts are of one sequence in 16 bits.
 */
export function drawGraph() {
  const nodes: Node[] = [];
  const edges: Edge[] = [];
  const bytes = (tensor: Tensor) => 2 * tensor.tokens * tensor.width;

  /** An operator that reads tensors and makes one. What it keeps for its backward pass are its inputs. */
  const add = (
    key: string,
    inputs: Tensor[],
    width: number,
    flops: number,
    parameters = 0,
    gemm?: number[],
  ): Tensor => {
    const made = { from: key, tokens: inputs[0]?.tokens ?? 0, width };
    const readBytes = inputs.reduce((sum, tensor) => sum + bytes(tensor), 0);
    const counts = {
      forwardFlops: flops,
      backwardFlops: 2 * flops,
      readBytes,
      writeBytes: bytes(made),
      savedBytes: readBytes,
    };
    nodes.push({ key, attributes: { ...counts, parameters, ...(gemm === undefined ? {} : { gemm }) } });
    for (const tensor of inputs) edges.push({ source: tensor.from, target: key, attributes: { bytes: bytes(tensor) } });
    return made;
  };
  /** A tensor that is only handed on: it costs nothing where it is, and its bytes where a cut crosses it. */
  const handOn = (key: string, tensor: Tensor): Tensor => {
    const nothing = { forwardFlops: 0, backwardFlops: 0, readBytes: 0, writeBytes: 0, savedBytes: 0, parameters: 0 };
    nodes.push({ key, attributes: nothing });
    edges.push({ source: tensor.from, target: key, attributes: { bytes: bytes(tensor) } });
    return { ...tensor, from: key };
  };
  const product = (key: string, input: Tensor, width: number) =>
    add(key, [input], width, 2 * input.tokens * input.width * width, input.width * width, [
      input.tokens,
      width,
      input.width,
    ]);
  const norm = (key: string, input: Tensor) => add(key, [input], input.width, 0, input.width);
  const sum = (key: string, a: Tensor, b: Tensor) => add(key, [a, b], a.width, 0);
  const embed = (key: string, tokens: number, rows: number, width: number) =>
    add(key, [{ ...add(`${key}.ids`, [], 4, 0), tokens }], width, 0, rows * width);

  /** Attention of `x` to `memory`: to itself in a layer of its own, to the encoder in a decoder. */
  const attend = (key: string, x: Tensor, memory: Tensor, inner: number) => {
    const queries = product(`${key}.queries`, x, inner);
    const keys = product(`${key}.keys_and_values`, memory, 2 * inner);
    const core = add(`${key}.core`, [queries, keys], inner, 4 * x.tokens * memory.tokens * inner);
    return product(`${key}.output`, core, x.width);
  };
  const feedForward = (key: string, x: Tensor, inner: number, gated: boolean) => {
    const up = product(`${key}.up`, x, gated ? 2 * inner : inner);
    return product(`${key}.down`, add(`${key}.activation`, [up], inner, 0), x.width);
  };
  const residual = (key: string, x: Tensor, branch: (input: Tensor) => Tensor) =>
    sum(`${key}.add`, branch(norm(`${key}.norm`, x)), x);

  return { graph: { nodes, edges }, add, handOn, product, norm, embed, attend, feedForward, residual };
}
