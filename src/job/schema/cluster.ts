import * as v from 'valibot';
import { precisions } from '../../stack/precision.ts';
import { shown } from '../words.ts';
import {
  anything,
  fields,
  flag,
  listOf,
  nameOr,
  nonNegativeNumber,
  oneOf,
  positiveNumber,
  type Read,
  rate,
  text,
  wholeNumber,
} from './fields.ts';

const vendors = ['NVIDIA', 'AWS', 'AMD', 'Google'] as const;
const generations = [
  'volta',
  'ampere',
  'ada',
  'hopper',
  'blackwell',
  'neuron-v2',
  'neuron-v3',
  'neuron-v4',
  'cdna3',
  'tpu',
] as const;
const topologies = ['switched', 'hybrid-cube-mesh', 'torus', 'ring', 'full-mesh', 'pcie', 'single'] as const;
const fabrics = ['efa', 'infiniband', 'roce', 'omni-path', 'ethernet'] as const;

const flopsPerSecond = fields('flopsPerSecond', {
  fp32: rate(),
  tf32: rate(),
  fp16: rate(),
  bf16: rate(),
  fp8: rate(),
  mxfp8: rate(),
  nvfp4: rate(),
});

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;

const linkMatrix = v.custom<readonly (readonly number[])[]>(
  (value) => Array.isArray(value) && value.every((row) => isLinkRow(row) && row.length === value.length),
  (issue) => `must be a square list of lists: the links between each two ranks, 0 for none; not ${shown(issue.input)}`,
);

function isLinkRow(row: unknown): row is readonly number[] {
  return (
    Array.isArray(row) && row.every((links) => typeof links === 'number' && Number.isSafeInteger(links) && links >= 0)
  );
}

const topology = fields(
  'a topology',
  {
    kind: oneOf(topologies),
    inNetworkReduction: flag(),
    links: linkMatrix,
    linkBytesPerSecond: rate(),
    dimensions: listOf(isCount, 'whole numbers of at least 1'),
    ranksPerChip: wholeNumber(),
  },
  { kind: `write one of ${topologies.join(', ')}` },
);

const inlineAccelerator = fields('an accelerator', {
  extends: text('h100-sxm5-80'),
  name: text('H100 96GB'),
  vendor: oneOf(vendors),
  generation: oneOf(generations),
  memoryBytes: wholeNumber(),
  usableMemoryBytes: wholeNumber(),
  memoryBytesPerSecond: rate(),
  flopsPerSecond,
  measuredMatmulFlopsPerSecond: fields(
    'measuredMatmulFlopsPerSecond',
    Object.fromEntries(precisions.map((name) => [name, rate()])),
  ),
  multiprocessors: wholeNumber(),
  powerWatts: positiveNumber(),
  link: fields('a link', { name: text('NVLink4'), bytesPerSecond: rate() }),
  sources: anything(),
});

const inlineInstance = fields('an instance', {
  extends: text('dgx-h100'),
  name: text('8 x H100 with 3,200 Gb/s'),
  accelerator: nameOr('h100-sxm5-80', inlineAccelerator),
  ranks: wholeNumber(1, 100_000),
  chips: wholeNumber(1, 100_000),
  topology,
  networkBytesPerSecond: rate(),
  networkCards: wholeNumber(),
  fabric: oneOf(fabrics),
  hostLinkBytesPerSecond: rate(),
  hostMemoryBytes: wholeNumber(),
  localStorageBytes: wholeNumber(0),
  cpu: text('Intel Sapphire Rapids'),
  virtualCpus: wholeNumber(),
  sources: anything(),
});

/** An instance, or what differs from one in the catalogue. */
export type InlineInstance = Read<typeof inlineInstance>;
export type InlineTopology = Read<typeof topology>;
/** An accelerator, or what differs from one in the catalogue. */
export type InlineAccelerator = Read<typeof inlineAccelerator>;

/** What the job runs on. */
export const clusterReader = fields(
  'a cluster',
  {
    instance: nameOr('p4d.24xlarge', inlineInstance),
    count: wholeNumber(1, 1_000_000),
    devices: wholeNumber(1, 10_000_000),
    usdPerHour: nonNegativeNumber(),
  },
  { instance: 'write the name of one that `foretrain instances` lists, such as "p4d.24xlarge"' },
);
export type ClusterInput = Read<typeof clusterReader>;
