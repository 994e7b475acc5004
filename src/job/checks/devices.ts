import { divisors } from '../divisors.ts';
import type { Check, Draft } from '../draft.ts';
import type { FaultList } from '../faults.ts';
import { counted, listedCounts, shown } from '../words.ts';

/** The degrees multiply to the devices. */
export const devices: Check = (draft, faults) => {
  const { cluster, parallelism, input } = draft;
  const { tensor, pipeline, context } = parallelism;
  const degrees = ['tensor', 'pipeline', 'context', 'data'].map((name) => `parallelism.${name}`);
  if (tensor === undefined || pipeline === undefined || context === undefined) return;
  if (cluster.devices === undefined || !faults.sound(...degrees)) return;
  const model = tensor * pipeline * context;
  if (input.parallelism?.data !== undefined) checkData(draft, model, cluster.devices, input.parallelism.data, faults);
  else if (cluster.devices % model !== 0) refuseRemainder(draft, tensor * context, pipeline, cluster.devices, faults);
};

function checkData(draft: Draft, model: number, available: number, data: number, faults: FaultList): void {
  if (model * data === available) return;
  const filled = `${degreesOf(draft)} · data ${shown(data)} = ${shown(model * data)} devices`;
  const would =
    available % model === 0 ? `data ${shown(available / model)} would do` : otherCluster(draft, model * data);
  faults.add('parallelism.data', `${filled}, but ${clusterOf(draft, available)}; ${would}`);
}

function refuseRemainder(draft: Draft, others: number, pipeline: number, available: number, faults: FaultList): void {
  const whole = others * pipeline;
  const verb = whole > available ? 'are more than' : 'do not divide';
  const message = `${degreesOf(draft)} = ${counted(whole, 'device')} a replica ${verb} the ${devicesOf(draft, available)}`;
  if (available % others !== 0) {
    const would = divisors(available).filter((degree) => others % degree === 0);
    faults.add('parallelism.tensor', `${message}; a tensor degree of ${listedCounts(would)} would`);
    return;
  }
  const near = [...divisors(available / others)].sort((a, b) => Math.abs(a - pipeline) - Math.abs(b - pipeline));
  const would = near
    .slice(0, 2)
    .sort((a, b) => a - b)
    .map(shown)
    .join(' or ');
  const path = pipeline === 1 ? 'parallelism.tensor' : 'parallelism.pipeline';
  faults.add(path, `${message}; pipeline ${would} would`);
}

/** What the cluster would have to be for so many devices. */
function otherCluster({ cluster, input }: Draft, wanted: number): string {
  const ranks = cluster.instance?.ranks ?? 1;
  if (input.cluster?.devices !== undefined) return `cluster.devices ${shown(wanted)} would do`;
  return wanted % ranks === 0
    ? `cluster.count ${shown(wanted / ranks)} would do`
    : `cluster.devices ${shown(wanted)} would do`;
}

function degreesOf({ parallelism: { tensor, pipeline, context } }: Draft): string {
  const inner = context === 1 ? '' : ` · context ${shown(context)}`;
  return `tensor ${shown(tensor)} · pipeline ${shown(pipeline)}${inner}`;
}

function clusterOf({ cluster }: Draft, available: number): string {
  const { instance, count } = cluster;
  const whole = instance !== undefined && count !== undefined && count * instance.ranks === available;
  return whole
    ? `${shown(count)} x ${instance.name} ${count === 1 ? 'has' : 'have'} ${shown(available)}`
    : `the job has ${shown(available)}`;
}

function devicesOf({ cluster }: Draft, available: number): string {
  const { instance, count } = cluster;
  const whole = instance !== undefined && count !== undefined && count * instance.ranks === available;
  return `${counted(available, 'device')}${whole ? ` of ${shown(count)} x ${instance.name}` : ''}`;
}
