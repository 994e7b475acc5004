import type { Accelerator, AcceleratorChanges } from './accelerator.ts';
import { l40s } from './accelerators/ada.ts';
import { a10g, a100Sxm4Of40, a100Sxm4Of80 } from './accelerators/ampere.ts';
import { b200Sxm, b300Sxm, gb200Gpu, gb300Gpu, rtxPro6000 } from './accelerators/blackwell.ts';
import { mi300x } from './accelerators/cdna3.ts';
import { h100Sxm5Of80, h200Sxm, h800 } from './accelerators/hopper.ts';
import { inferentia2, trainium1, trainium2, trainium3 } from './accelerators/neuron.ts';
import { tpuV4, tpuV5p } from './accelerators/tpu.ts';
import { v100Sxm2Of16, v100Sxm2Of32 } from './accelerators/volta.ts';
import type { Instance, InstanceChanges } from './instance.ts';
import { dgx } from './instances/dgx.ts';
import { g } from './instances/g.ts';
import { inf2 } from './instances/inf2.ts';
import { others } from './instances/others.ts';
import { p3 } from './instances/p3.ts';
import { p4 } from './instances/p4.ts';
import { p5 } from './instances/p5.ts';
import { p6 } from './instances/p6.ts';
import { trn } from './instances/trn.ts';

/** Every accelerator, each as one rank sees it. */
export const accelerators: readonly Accelerator[] = [
  v100Sxm2Of16,
  v100Sxm2Of32,
  a100Sxm4Of40,
  a100Sxm4Of80,
  a10g,
  l40s,
  h100Sxm5Of80,
  h200Sxm,
  h800,
  b200Sxm,
  b300Sxm,
  gb200Gpu,
  gb300Gpu,
  rtxPro6000,
  trainium1,
  inferentia2,
  trainium2,
  trainium3,
  mi300x,
  tpuV4,
  tpuV5p,
];

/** Every instance, server and rack-scale domain. */
export const instances: readonly Instance[] = [...p3, ...p4, ...p5, ...p6, ...g, ...trn, ...inf2, ...dgx, ...others];

/** The accelerator of that name; undefined where the catalogue has none. */
export function findAccelerator(name: string): Accelerator | undefined {
  return accelerators.find((accelerator) => accelerator.name === name);
}

/** The instance of that name, with or without SageMaker's leading `ml.`; undefined where the catalogue has none. */
export function findInstance(name: string): Instance | undefined {
  const plain = name.startsWith('ml.') ? name.slice('ml.'.length) : name;
  return instances.find((instance) => instance.name === plain);
}

const givenInJob = 'given in the job';

/**
 * A catalogue accelerator with what a job changes of it. The usable share of the memory and the measured share of a
 * changed peak stay what they were.
 */
export function extendAccelerator(base: Accelerator, changes: AcceleratorChanges): Accelerator {
  const memoryBytes = changes.memoryBytes ?? base.memoryBytes;
  const { measuredMatmulFlopsPerSecond: measured, ...rest } = base;
  const flopsPerSecond = { ...base.flopsPerSecond, ...defined(changes.flopsPerSecond ?? {}) };
  const figures = ['memoryBytes', 'memoryBytesPerSecond', 'flopsPerSecond', 'powerWatts'] as const;
  const given = figures.filter((figure) => changes[figure] !== undefined);
  return {
    ...rest,
    ...defined({
      name: changes.name,
      memoryBytesPerSecond: changes.memoryBytesPerSecond,
      powerWatts: changes.powerWatts,
      ratedPowerWatts:
        changes.powerWatts === undefined ? base.ratedPowerWatts : (base.ratedPowerWatts ?? base.powerWatts),
    }),
    memoryBytes,
    usableMemoryBytes: Math.floor(base.usableMemoryBytes * (memoryBytes / base.memoryBytes)),
    flopsPerSecond,
    ...(measured === undefined
      ? {}
      : { measuredMatmulFlopsPerSecond: scaleMeasured(measured, base.flopsPerSecond, flopsPerSecond) }),
    sources: { ...base.sources, ...Object.fromEntries(given.map((figure) => [figure, givenInJob])) },
  };
}

/**
 * A catalogue instance with what a job changes of it. What is known only of one fabric is left out when the fabric
 * changes; a price takes the place of all on-demand prices.
 */
export function extendInstance(base: Instance, changes: InstanceChanges): Instance {
  const { usdPerHour, ...fields } = changes;
  const { efaGeneration, networkLatencyHintSeconds, gpuDirect, ...rest } = base;
  const sameFabric = changes.fabric === undefined || changes.fabric === base.fabric;
  const figures = ['networkBytesPerSecond', 'networkCards', 'fabric'] as const;
  const given = figures.filter((figure) => changes[figure] !== undefined);
  return {
    ...rest,
    ...(sameFabric ? defined({ efaGeneration, networkLatencyHintSeconds, gpuDirect }) : {}),
    ...defined(fields),
    onDemand: usdPerHour === undefined ? base.onDemand : [{ usdPerHour, date: 'job', source: givenInJob }],
    sources: { ...base.sources, ...Object.fromEntries(given.map((figure) => [figure, givenInJob])) },
  };
}

type Flops = Accelerator['flopsPerSecond'];

/** Each measured rate at the share it had of the old peak. */
function scaleMeasured(measured: Flops, oldPeaks: Flops, newPeaks: Flops): Flops {
  const scaled: Partial<Record<keyof Flops, number>> = {};
  for (const format of Object.keys(measured) as (keyof Flops)[]) {
    scaled[format] = measured[format]! * ((newPeaks[format] ?? 1) / (oldPeaks[format] ?? 1));
  }
  return scaled;
}

/** The fields that have a value. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
