import type { Drafted } from '../draft.ts';
import type { FaultList } from '../faults.ts';
import type { Cluster } from '../job.ts';
import type { JobInput } from '../schema/job.ts';
import type { ParallelismInput } from '../schema/parallelism.ts';
import type { SmpInput, SmpParameters } from '../schema/smp.ts';
import type { StackInput } from '../schema/stack.ts';
import { counted, shown } from '../words.ts';
import { firstVersion } from './firstVersion.ts';
import { besideSmp, smpPaths } from './paths.ts';
import { withPrecision } from './precision.ts';
import { refuseParameters } from './refused.ts';
import { secondVersion } from './secondVersion.ts';
import type { SmpPlace } from './translated.ts';
import { versionOf } from './versions.ts';

/** A job that speaks of SMP parameters, in foretrain's own words; with what is to be said of it. */
export interface FromSmp {
  readonly input: JobInput;
  readonly notes: readonly string[];
}

/** Where to tell faults of `parallelism` to a person who wrote SMP parameters; undefined where nobody did. */
export function pathsOf(value: unknown): ((path: string) => string) | undefined {
  if (typeof value !== 'object' || value === null || !('smp' in value) || value.smp === undefined) return undefined;
  const { smp } = value;
  return smpPaths(typeof smp === 'object' && smp !== null && 'parameters' in smp ? smp.parameters : undefined);
}

/** Puts `parallelism` in the place of `smp`, with the stack and the precision that its parameters imply. */
export function withoutSmp(input: JobInput, cluster: Drafted<Cluster>, faults: FaultList): FromSmp {
  const { smp, ...rest } = input;
  if (smp === undefined) return { input, notes: [] };
  const parameters = smp.parameters ?? {};
  const version = versionOf(parameters, input.stack, faults);
  refuseParameters(parameters, faults);
  checkHosts(smp, cluster, faults);
  const place: SmpPlace = {
    instance: cluster.instance?.name,
    count: cluster.count,
    devices: cluster.devices,
    globalBatchSize: input.training?.globalBatchSize,
  };
  const translate = version === 'smp-v1' ? firstVersion : secondVersion;
  const { parallelism, stack, notes } = translate(parameters, place, faults);
  return {
    input: {
      ...rest,
      stack: withChanges(input.stack, version, stack),
      training: withPrecision(input.training, parameters, faults),
      parallelism: { ...parallelism, ...beside(input.parallelism, parallelism, parameters, faults) },
    },
    notes,
  };
}

function withChanges(written: StackInput | undefined, version: string, changes: object): StackInput {
  const own = typeof written === 'string' ? { name: written } : (written ?? { name: version });
  return { name: version, ...changes, ...own };
}

/** The fields that may stand beside SMP parameters; a fault for each of the others. */
function beside(
  written: ParallelismInput | undefined,
  translated: ParallelismInput,
  { activation_loading_horizon: horizon }: SmpParameters,
  faults: FaultList,
): ParallelismInput {
  const kept = Object.entries(written ?? {}).filter(([field, value]) => {
    if (value === undefined || besideSmp.includes(field)) return value !== undefined;
    const would = `its parameters say it in the library's own words, and ${besideSmp.join(', ')} may stand here`;
    faults.add('parallelism', `has ${field} beside smp; ${would}`);
    return false;
  });
  const given: ParallelismInput = Object.fromEntries(kept);
  // Scripts say what is offloaded, and the parameters how early it comes back.
  const offload = given.offload === undefined ? {} : { offload: { ...(horizon && { horizon }), ...given.offload } };
  const fields: ParallelismInput = { ...given, ...offload };
  const { recompute } = fields;
  const mode = typeof recompute === 'object' ? recompute.mode : recompute;
  if (translated.recompute !== undefined && mode !== undefined && mode !== translated.recompute) {
    const message = `true recomputes the attention core, but parallelism.recompute says ${mode}; selective would do`;
    faults.add('smp.parameters.checkpoint_attentions', message);
  }
  // Another partitioner than the library's has no memory weight.
  const other = (fields.partitioner ?? 'tree') !== 'tree' || fields.stageLayers !== undefined;
  return other
    ? { partitioner: fields.stageLayers === undefined ? undefined : 'layers', memoryWeight: undefined, ...fields }
    : fields;
}

/** One process a device: as many as an instance has, or as the job uses of its only one. */
function checkHosts(
  { enabled, mpi }: SmpInput,
  { instance, count, devices }: Drafted<Cluster>,
  faults: FaultList,
): void {
  if (enabled === false) faults.add('smp.enabled', 'false turns the library off; true would do, or leave smp out');
  if (mpi?.enabled === false) faults.add('smp.mpi.enabled', 'false cannot be: MPI starts the library; true would do');
  const processes = mpi?.processes_per_host;
  if (processes === undefined || instance === undefined) return;
  const used = count === 1 && devices !== undefined ? devices : instance.ranks;
  if (processes === used) return;
  const have =
    used === instance.ranks
      ? `${instance.name} has ${counted(used, 'device')}`
      : `the job has ${counted(used, 'device')}`;
  const message = `${shown(processes)} processes a host do not match: ${have}, one process each; ${shown(used)} would do`;
  faults.add('smp.mpi.processes_per_host', message);
}
