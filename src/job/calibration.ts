import * as v from 'valibot';
import type { Instance, Topology } from '../hardware/instance.ts';
import { oncePerObject } from '../keep.ts';
import type { Stack } from '../stack/stack.ts';
import { collectFaults } from './faults.ts';
import type { Job } from './job.ts';
import { parseJson } from './parseJson.ts';
import { fields, type Read, text } from './schema/fields.ts';
import { readWith } from './schema/job.ts';
import { shown } from './words.ts';

/** What a calibration may change, each a factor: of a rate, a time, or a number of bytes. */
export const calibrationFactors = [
  'matmul',
  'memoryBandwidth',
  'collectiveBandwidth',
  'hostTime',
  'frameworkMemory',
] as const;
export type CalibrationFactor = (typeof calibrationFactors)[number];

/** What one kind of accelerator under one stack does on somebody's own machines, over what foretrain says of it. */
export interface CalibrationEntry extends Readonly<Record<CalibrationFactor, number>> {
  readonly accelerator: string;
  readonly stack: string;
}

/** What `foretrain calibrate` prints. */
export interface Calibration {
  readonly entries: readonly CalibrationEntry[];
}

/** Beyond this a measurement is of something else. */
const furthest = 10;

const factor = v.custom<number>(
  (value) => typeof value === 'number' && value >= 1 / furthest && value <= furthest,
  ({ input }) => `must be a factor from ${1 / furthest} to ${furthest}, not ${shown(input)}`,
);

const entryReader = fields(
  'an entry of a calibration',
  {
    accelerator: text('h100-sxm5-80'),
    stack: text('megatron-core'),
    matmul: factor,
    memoryBandwidth: factor,
    collectiveBandwidth: factor,
    hostTime: factor,
    frameworkMemory: factor,
    rows: v.number(),
    meanErrorBefore: v.number(),
    meanErrorAfter: v.number(),
  },
  { accelerator: 'write the name of an accelerator', stack: 'write the name of a stack' },
);

const calibrationReader = fields(
  'a calibration',
  {
    entries: v.pipe(
      v.custom<readonly unknown[]>(Array.isArray, ({ input }) => `must be a list of entries, not ${shown(input)}`),
      v.array(entryReader),
    ),
  },
  { entries: 'write what `foretrain calibrate` printed' },
);

/**
 * A calibration as `foretrain calibrate` printed it. Factors that are absent are 1.
 * @throws {ForetrainError} with all faults found
 */
export function readCalibration(value: unknown): Calibration {
  const faults = collectFaults();
  const { entries = [] } = readWith(calibrationReader, value, 'calibration', faults);
  faults.throwIfAny();
  return { entries: entries.map(entryOf) };
}

/** The same from the text of its file. @throws {ForetrainError} with line and column, or all faults found */
export function parseCalibration(text: string): Calibration {
  return readCalibration(parseJson(text, 'a calibration'));
}

function entryOf(input: Read<typeof entryReader>): CalibrationEntry {
  const { accelerator = '', stack = '' } = input;
  return {
    accelerator,
    stack,
    matmul: input.matmul ?? 1,
    memoryBandwidth: input.memoryBandwidth ?? 1,
    collectiveBandwidth: input.collectiveBandwidth ?? 1,
    hostTime: input.hostTime ?? 1,
    frameworkMemory: input.frameworkMemory ?? 1,
  };
}

/** The entry that is about this job's accelerator and stack. */
export function entryFor(job: Job, { entries }: Calibration): CalibrationEntry | undefined {
  const { accelerator } = job.cluster.instance;
  return entries.find((entry) => entry.accelerator === accelerator.name && entry.stack === job.stack.name);
}

/** A sentence where a calibration says nothing about a job. */
export function calibrationWarnings(job: Job, calibration: Calibration | undefined): readonly string[] {
  if (calibration === undefined || entryFor(job, calibration) !== undefined) return [];
  const { name } = job.cluster.instance.accelerator;
  return [`The calibration has no entry for ${name} with ${job.stack.name}: this is the forecast without it.`];
}

/** Copies made already: a search asks for the same few, and caches know them by their identity. */
const instanceOf = oncePerObject((entry: CalibrationEntry) =>
  oncePerObject((instance: Instance) => calibratedInstance(instance, entry)),
);
const stackOf = oncePerObject((entry: CalibrationEntry) =>
  oncePerObject((stack: Stack) => calibratedStack(stack, entry)),
);

/** The job on machines as they were measured: the same job where the calibration is about others. */
export function calibrated(job: Job, calibration: Calibration): Job {
  const entry = entryFor(job, calibration);
  if (entry === undefined) return job;
  const instance = instanceOf(entry)(job.cluster.instance);
  const stack = stackOf(entry)(job.stack);
  return { ...job, cluster: { ...job.cluster, instance }, stack };
}

function calibratedInstance(instance: Instance, entry: CalibrationEntry): Instance {
  const { accelerator, networkBytesPerSecond, topology } = instance;
  const { matmul, memoryBandwidth, collectiveBandwidth } = entry;
  const { link, memoryBytesPerSecond, matrixFactor = 1 } = accelerator;
  return {
    ...instance,
    networkBytesPerSecond: networkBytesPerSecond * collectiveBandwidth,
    topology: calibratedTopology(topology, collectiveBandwidth),
    accelerator: {
      ...accelerator,
      matrixFactor: matrixFactor * matmul,
      memoryBytesPerSecond: memoryBytesPerSecond * memoryBandwidth,
      link: { ...link, bytesPerSecond: link.bytesPerSecond * collectiveBandwidth },
    },
  };
}

function calibratedTopology(topology: Topology, factor: number): Topology {
  if (!('linkBytesPerSecond' in topology)) return topology;
  const links = { ...topology, linkBytesPerSecond: topology.linkBytesPerSecond * factor };
  if (links.kind !== 'torus' || links.dimensionLinkBytesPerSecond === undefined) return links;
  return { ...links, dimensionLinkBytesPerSecond: links.dimensionLinkBytesPerSecond.map((rate) => rate * factor) };
}

function calibratedStack(stack: Stack, { hostTime, frameworkMemory }: CalibrationEntry): Stack {
  const { forward, backward } = stack.hostSecondsPerLayer;
  return {
    ...stack,
    hostSecondsPerLayer: { forward: forward * hostTime, backward: backward * hostTime },
    hostSecondsPerStep: stack.hostSecondsPerStep * hostTime,
    contextBytes: stack.contextBytes * frameworkMemory,
    communicatorBytes: stack.communicatorBytes * frameworkMemory,
    workspaceBytes: stack.workspaceBytes * frameworkMemory,
    fragmentation: stack.fragmentation * frameworkMemory,
  };
}
