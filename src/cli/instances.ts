import type { Instance } from '../hardware/instance.ts';
import { formatBytes, formatDecimal } from '../units.ts';
import { type Listing, listingCommand } from './listing.ts';

interface Entry {
  readonly instance: Instance;
  /** The stack that a job gets by default; undefined where foretrain trains on it with none. */
  readonly defaultStack: string | undefined;
}

const right = 'right' as const;

const listing: Listing<Entry> = {
  name: 'instances',
  description: [
    'Lists the instances that "cluster.instance" of a job can name: EC2 instances, servers',
    'and rack-scale systems, with the last known price of each. A leading "ml." is ignored.',
  ].join('\n'),
  examples: ['foretrain instances', "foretrain instances --json | jq '.[] | select(.defaultStack) | .name'"],
  async entries() {
    const [{ instances }, { acceleratorsNotModelled }, { defaultStack }] = await Promise.all([
      import('../hardware/catalogue.ts'),
      import('../job/notModelled.ts'),
      import('../job/readStack.ts'),
    ]);
    return instances.map((instance) => ({
      instance,
      defaultStack: acceleratorsNotModelled.includes(instance.accelerator.name)
        ? undefined
        : defaultStack(instance.accelerator)?.name,
    }));
  },
  columns: [
    { head: 'instance' },
    { head: 'accelerator', narrow: 'shorten' },
    { head: 'ranks', align: right },
    { head: 'memory', align: right },
    { head: 'TFLOP/s', align: right },
    { head: 'Gb/s', align: right },
    { head: 'USD/h', align: right },
    { head: 'price of' },
    { head: 'default stack', narrow: 'shorten' },
  ],
  row: ({ instance, defaultStack }) => {
    const { accelerator, ranks, networkBytesPerSecond, onDemand } = instance;
    const { bf16, fp16 } = accelerator.flopsPerSecond;
    const peak = bf16 ?? fp16;
    const [price] = onDemand;
    return [
      instance.name,
      accelerator.name,
      `${ranks}`,
      formatBytes(accelerator.memoryBytes),
      peak === undefined ? '' : formatDecimal(peak / 1e12, peak < 100e12 ? 1 : 0),
      networkBytesPerSecond > 0 ? formatDecimal((networkBytesPerSecond * 8) / 1e9, 0) : '–',
      price === undefined ? '' : formatDecimal(price.usdPerHour, 2),
      price?.date ?? '',
      defaultStack ?? '–',
    ];
  },
  json: ({ instance, defaultStack }) => ({ ...instance, ...(defaultStack === undefined ? {} : { defaultStack }) }),
  legend:
    'ranks: devices as training software sees them; memory and TFLOP/s (dense, bf16, or fp16 where there is no bf16) are of ' +
    'one rank; Gb/s: the network of the whole instance, one direction; USD/h: on demand, us-east-1; default stack: – where foretrain ' +
    'does not model training.',
};

/** `foretrain instances`. */
export const instancesCommand = listingCommand(listing);
