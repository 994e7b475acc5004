import type { Schedule } from '../pipeline/schedule.ts';
import { type Listing, listingCommand } from './listing.ts';

const listing: Listing<Schedule> = {
  name: 'schedules',
  description: 'Lists the pipeline schedules that "parallelism.schedule" of a job, or a schedule by itself, can name.',
  examples: ['foretrain schedules', 'foretrain schedules --json'],
  entries: async () => (await import('../pipeline/schedules/index.ts')).schedules,
  columns: [
    { head: 'schedule' },
    { head: 'stages lie' },
    { head: 'backward' },
    { head: 'order' },
    { head: '', narrow: 'wrap' },
  ],
  row: (schedule) => [
    schedule.name,
    placements[schedule.placement],
    schedule.splitsBackward ? 'in two' : 'whole',
    schedule.fixed ? 'fixed' : 'by cost',
    schedule.summary,
  ],
  json: ({ name, summary, source, placement, splitsBackward, fixed }) => ({
    name,
    summary,
    source,
    placement,
    splitsBackward,
    fixed,
  }),
  legend:
    'stages lie: one a device, several in a loop or in a V, or once in each direction; backward: whole, or in two, that of ' +
    'the inputs and that of the weights; order: fixed, or chosen by what the passes cost.',
};

const placements: Readonly<Record<Schedule['placement'], string>> = {
  linear: 'one each',
  loop: 'in a loop',
  v: 'in a V',
  dual: 'both ways',
};

/** `foretrain schedules`. */
export const schedulesCommand = listingCommand(listing);
