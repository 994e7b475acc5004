import * as v from 'valibot';
import { shown } from '../words.ts';
import { choose, fields, nonNegativeNumber, oneOf, type Read, type Reader, text, wholeNumber } from './fields.ts';
import { mostVirtualStages } from './parallelism.ts';

const isCost = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;

/** One cost for all virtual stages, or a list; lists are judged entry by entry once their length is known. */
const cost: Reader<number | readonly number[]> = choose(
  Array.isArray,
  v.custom<readonly number[]>(
    (value) => Array.isArray(value) && value.every(isCost),
    ({ input }) => {
      const list: readonly unknown[] = Array.isArray(input) ? input : [];
      const at = list.findIndex((entry) => !isCost(entry));
      return `must be numbers of at least 0, but that of virtual stage ${at} is ${shown(list[at])}`;
    },
  ),
  nonNegativeNumber(),
);

/** A schedule by itself: stages, microbatches and the cost of each pass. */
export const scheduleReader = fields(
  'a schedule',
  {
    schedule: text('zb-h1'),
    stages: wholeNumber(1, 100_000),
    virtualStages: wholeNumber(1, mostVirtualStages),
    microbatches: wholeNumber(),
    forward: cost,
    backwardInput: cost,
    backwardWeight: cost,
    communication: cost,
    fusedPair: cost,
    transfers: oneOf(['async', 'link', 'blocking']),
    microbatchGroupSize: wholeNumber(),
    activeMicrobatches: wholeNumber(),
    memoryLimit: wholeNumber(),
  },
  {
    schedule: 'write the name of one that `foretrain schedules` lists, such as "1f1b"',
    stages: 'write how many devices the pipeline has',
    microbatches: 'write how many microbatches a step has',
    forward: 'write the cost of one forward pass in one virtual stage, or a list with one for each',
    backwardInput: 'write the cost of one backward pass in one virtual stage, or a list with one for each',
  },
);
export type ScheduleInput = Read<typeof scheduleReader>;
