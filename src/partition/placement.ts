/** Degrees of the dimensions that a placement arranges. Expert ranks lie inside data (and context and tensor). */
export interface PlacedDegrees {
  readonly tensor: number;
  readonly pipeline: number;
  readonly data: number;
  readonly context: number;
}

/** Distance in ranks between neighbours of a dimension. */
export interface RankLayout {
  readonly tensor: number;
  readonly context: number;
  readonly data: number;
  readonly pipeline: number;
}

/** A rank's index in each dimension. */
export type RankIndex = RankLayout;

/** Every order of data, pipeline and tensor ranks, from slowest- to fastest-varying. */
export const placements = ['DPT', 'PDT', 'DTP', 'PTD', 'TDP', 'TPD'] as const;
export type PlacementLetters = (typeof placements)[number];

/** SageMaker's names for two of the orders. */
export const placementAliases: Readonly<Record<string, PlacementLetters>> = { cluster: 'DPT', spread: 'TPD' };

/** The letters that a placement stands for; undefined where it is none. */
export function placementLetters(placement: string): PlacementLetters | undefined {
  return placements.find((letters) => letters === placement) ?? placementAliases[placement];
}

/**
 * Strides of each dimension. Letters run from the slowest- to the fastest-varying, so that the last letter's ranks are
 * neighbours; context ranks vary just outside tensor.
 *
 * @source Amazon SageMaker Python SDK 2.x, smd_model_parallel_general, "placement_strategy"
 */
export function rankLayout(placement: PlacementLetters, degrees: PlacedDegrees): RankLayout {
  const strides = { tensor: 1, context: 1, data: 1, pipeline: 1 };
  let stride = 1;
  for (let i = placement.length - 1; i >= 0; i--) {
    switch (placement[i]) {
      case 'T':
        strides.tensor = stride;
        strides.context = stride * degrees.tensor;
        stride *= degrees.tensor * degrees.context;
        break;
      case 'P':
        strides.pipeline = stride;
        stride *= degrees.pipeline;
        break;
      case 'D':
        strides.data = stride;
        stride *= degrees.data;
        break;
    }
  }
  return strides;
}

/** The rank at an index in each dimension. */
export function rankOf(strides: RankLayout, index: RankIndex): number {
  return (
    index.tensor * strides.tensor +
    index.context * strides.context +
    index.data * strides.data +
    index.pipeline * strides.pipeline
  );
}
