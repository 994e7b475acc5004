/** Parts of every row. */
export const PARTS = [2, 4, 8, 16, 32, 64] as const;

/** Edge cuts at 3% imbalance, by `PARTS`: METIS 5 k-way (median of 20 seeds), KaFFPa eco and strong (medians of 3). */
export const REFERENCE: { readonly [graph: string]: { readonly [program: string]: readonly number[] } } = {
  '4elt': {
    metis: [148, 365, 613, 1071, 1715, 2787],
    eco: [138, 342, 607, 1003, 1665, 2793],
    strong: [137, 333, 539, 943, 1612, 2625],
  },
  delaunay_n15: {
    metis: [358, 715, 1358, 2140, 3288, 4804],
    eco: [328, 668, 1226, 2009, 3089, 4644],
    strong: [324, 636, 1136, 1897, 2930, 4436],
  },
  rgg_n_2_15_s0: {
    metis: [247, 515, 1005, 1707, 2593, 4061],
    eco: [255, 459, 889, 1404, 2431, 3848],
    strong: [186, 392, 727, 1260, 2058, 3411],
  },
};
