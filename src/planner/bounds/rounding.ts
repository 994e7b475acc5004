/** Rounding in sums that a simulation adds up in another order. */
export const rounding = 1 - 1e-9;
