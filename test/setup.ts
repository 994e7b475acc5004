import fc from 'fast-check';

const { FORETRAIN_SEED: seed = '1', FORETRAIN_RUNS: runs } = process.env;

// A change is judged by the same examples each time; `FORETRAIN_SEED=$RANDOM FORETRAIN_RUNS=5000` goes looking for others.
fc.configureGlobal({ seed: Number(seed), ...(runs === undefined ? {} : { numRuns: Number(runs) }) });
