import type { Stack } from '../stack/stack.ts';
import { type Listing, listingCommand } from './listing.ts';

interface Entry {
  readonly stack: Stack;
  readonly modelled: boolean;
}

const listing: Listing<Entry> = {
  name: 'stacks',
  description: [
    'Lists the training software that the "stack" of a job can name: its kernels, its number',
    'formats, what it overlaps and what it costs on the host.',
  ].join('\n'),
  examples: ['foretrain stacks', 'foretrain stacks --json'],
  async entries() {
    const [{ stacks }, { stacksNotModelled }] = await Promise.all([
      import('../stack/index.ts'),
      import('../job/notModelled.ts'),
    ]);
    return stacks.map((stack) => ({ stack, modelled: !stacksNotModelled.includes(stack.name) }));
  },
  columns: [
    { head: 'stack' },
    { head: 'trains on' },
    { head: 'attention' },
    { head: 'ZeRO', align: 'right' },
    { head: '', narrow: 'wrap' },
  ],
  row: ({ stack, modelled }) => [
    stack.name,
    modelled ? stack.vendors.join(', ') : '– (not yet)',
    stack.attention,
    `${stack.defaults.zeroStage}`,
    stack.summary,
  ],
  json: ({ stack, modelled }) => ({ ...stack, modelled }),
  legend: 'attention and ZeRO stage are what a job gets where it says nothing; not yet: known and not modelled.',
};

/** `foretrain stacks`. */
export const stacksCommand = listingCommand(listing);
