/**
 * What a unit does with its saved tensors: keeps them, drops those that cheap operators make again, drops those of the
 * attention core, keeps what torchtitan's per-operator policy keeps, keeps only its input, or, inside a checkpoint of
 * several units, nothing.
 */
export type UnitRecompute = 'none' | 'cheap' | 'selective' | 'selective-op' | 'full' | 'inner';

/**
 * What the forward pass throws away and the backward pass computes again.
 * `selective`: the attention core; `selective-op`: torchtitan's per-operator policy;
 * `full`: whole layers, of which only the input is kept.
 */
export type Recompute =
  | { readonly mode: 'none' }
  | { readonly mode: 'selective' }
  | { readonly mode: 'selective-op' }
  /** `layers`: only the first N of each virtual stage; `every`: each n-th layer; `group`: one checkpoint for N layers. */
  | { readonly mode: 'full'; readonly layers?: number; readonly every?: number; readonly group?: number }
  /** The cheapest choice for every stage that fits. */
  | { readonly mode: 'auto' }
  /** One way for each layer of the model: what `auto` found; no job says it. */
  | { readonly mode: 'chosen'; readonly layers: readonly UnitRecompute[] };
