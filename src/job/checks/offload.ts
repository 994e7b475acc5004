import { parameterCount } from '../../graph/parameters.ts';
import { momentBytes } from '../../memory/states.ts';
import { stacks } from '../../stack/index.ts';
import type { Stack } from '../../stack/stack.ts';
import { formatBytes } from '../../units.ts';
import type { Check, Draft } from '../draft.ts';
import type { FaultList } from '../faults.ts';

/** What goes to the host is what the stack can move there, and the host has room for it. */
export const offload: Check = (draft, faults) => {
  const { stack, parallelism, cluster } = draft;
  if (parallelism.offload === undefined || stack === undefined) return;
  const { activations, optimizer, parameters } = parallelism.offload;
  const path = 'parallelism.offload';
  if (activations > 0) checkActivations(draft, stack, faults);
  const cannot = (what: string, can: (offloads: Stack['offloads']) => boolean) =>
    `${stack.name} keeps ${what} on the device; ${stacksThat(can)} can move them`;
  if (optimizer > 0 && !stack.offloads.optimizer) {
    faults.add(
      `${path}.optimizer`,
      cannot('optimizer states', (offloads) => offloads.optimizer),
    );
  }
  if (parameters > 0 && !stack.offloads.parameters) {
    faults.add(
      `${path}.parameters`,
      cannot('parameters', (offloads) => offloads.parameters),
    );
  } else if (parameters > 0 && parallelism.zeroStage !== undefined && parallelism.zeroStage < 3) {
    const stage = `true needs parameters that are sharded, and zeroStage is ${parallelism.zeroStage}`;
    faults.add(`${path}.parameters`, `${stage}; 3 would do`);
  }
  const { instance } = cluster;
  if (instance === undefined) return;
  if (instance.hostLinkBytesPerSecond === undefined && instance.measuredHostLinkBytesPerSecond === undefined) {
    faults.add(path, `needs the rate between ${instance.name} and its host, which is not known; leave it out`);
  } else checkHost(draft, faults);
};

function checkActivations({ parallelism }: Draft, { name, offloads }: Stack, faults: FaultList): void {
  const path = 'parallelism.offload.activations';
  if (offloads.activations === 'none') {
    faults.add(
      path,
      `${name} keeps activations on the device; ${stacksThat((other) => other.activations !== 'none')} can move them`,
    );
  } else if (offloads.activations === 'checkpoints' && parallelism.recompute?.mode !== 'full') {
    faults.add(path, `${name} moves only the inputs of recomputed layers, and there are none; recompute full would do`);
  }
}

function stacksThat(can: (offloads: Stack['offloads']) => boolean): string {
  return stacks
    .filter(({ offloads }) => can(offloads))
    .map(({ name }) => name)
    .join(', ');
}

/** Model states on the host are known before anything is simulated. */
function checkHost({ model, stack, cluster, training, parallelism }: Draft, faults: FaultList): void {
  const { instance, devices } = cluster;
  const { offload, data, zeroStage, shardingDegree } = parallelism;
  if (instance?.hostMemoryBytes === undefined || devices === undefined || data === undefined) return;
  if (model === undefined || stack === undefined || training.optimizer === undefined || offload === undefined) return;
  if (!faults.sound('model')) return;
  const copies = zeroStage === 0 ? data : data / (shardingDegree ?? data);
  const fp32 = 4;
  const optimizer = offload.optimizer * (2 * fp32 + momentBytes[training.optimizer]) * copies;
  const parameters = offload.parameters * fp32 * copies;
  const bytes = (parameterCount(model) * (optimizer + parameters) * Math.min(instance.ranks, devices)) / devices;
  if (bytes <= instance.hostMemoryBytes) return;
  const room = `${formatBytes(bytes)} of model states on each host, and one of ${instance.name} has ${formatBytes(instance.hostMemoryBytes)}`;
  const would = copies > 1 && stack.offloads.optimizer ? 'a higher zeroStage, more instances' : 'more instances';
  faults.add('parallelism.offload', `puts ${room}; ${would} or a smaller fraction would do`);
}
