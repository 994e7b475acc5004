import type { FaultList } from '../faults.ts';
import type { SmpParameters } from '../schema/smp.ts';
import type { StackInput } from '../schema/stack.ts';
import { shown } from '../words.ts';

/** Version of SageMaker's library: the first has a pipeline, the second is FSDP with tensor and context parallelism. */
export type SmpVersion = 'smp-v1' | 'smp-v2';

/** Keys that both versions have. */
const shared: readonly string[] = ['tensor_parallel_degree', 'activation_loading_horizon'];

/** Keys that only the second version has; all others but the shared ones are of the first. */
const ofSecond: readonly string[] = [
  'hybrid_shard_degree',
  'sm_activation_offloading',
  'fsdp_cache_flush_warnings',
  'allow_empty_shards',
  'context_parallel_degree',
  'expert_parallel_degree',
  'random_seed',
];

/** The version that the stack names or, where it names none, the keys; a fault for every key of the other one. */
export function versionOf(parameters: SmpParameters, stack: StackInput | undefined, faults: FaultList): SmpVersion {
  const keys = Object.keys(parameters).filter((key) => !shared.includes(key));
  const second = keys.filter((key) => ofSecond.includes(key));
  const first = keys.filter((key) => !ofSecond.includes(key));
  const named = typeof stack === 'string' ? stack : stack?.name;
  const version =
    named === 'smp-v1' || named === 'smp-v2' ? named : second.length > 0 && first.length === 0 ? 'smp-v2' : 'smp-v1';
  const foreign = version === 'smp-v1' ? second : first;
  const [own, other] = version === 'smp-v1' ? ['1', '2'] : ['2', '1'];
  const why =
    named === version ? `stack ${version} is version ${own}` : `${first[0]} stands beside it, of version ${own}`;
  for (const key of foreign) {
    faults.add(`smp.parameters.${key}`, `is a key of version ${other} of the library, but ${why}; leave one out`);
  }
  if (named !== undefined && named !== version) {
    const path = typeof stack === 'string' ? 'stack' : 'stack.name';
    faults.add(path, `${shown(named)} does not read SMP parameters; ${version} would do, or leave stack out`);
  }
  return version;
}
