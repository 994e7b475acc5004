import { divisors } from '../divisors.ts';
import type { Check } from '../draft.ts';
import { listedCounts, shown } from '../words.ts';

/** ZeRO shards among equal groups of data replicas. */
export const sharding: Check = ({ parallelism }, faults) => {
  const { shardingDegree, data } = parallelism;
  if (shardingDegree === undefined || data === undefined || !faults.sound('parallelism.data')) return;
  if (data % shardingDegree === 0) return;
  const message = `${shown(shardingDegree)} does not divide the ${shown(data)} data replicas`;
  faults.add('parallelism.shardingDegree', `${message}; ${listedCounts(divisors(data), 8)} would do`);
};
