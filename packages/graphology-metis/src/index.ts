export const metis = 0;
