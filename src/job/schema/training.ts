import { precisions } from '../../stack/precision.ts';
import { optimizers } from '../job.ts';
import { fields, flag, oneOf, positiveNumber, type Read, wholeNumber } from './fields.ts';

/** What the run learns from, and how. */
export const trainingReader = fields(
  'training',
  {
    sequenceLength: wholeNumber(),
    globalBatchSize: wholeNumber(),
    precision: oneOf(precisions),
    optimizer: oneOf(optimizers),
    tokens: positiveNumber(),
    steps: wholeNumber(),
    stochasticRounding: flag(),
  },
  {
    sequenceLength: 'write the tokens of one sequence, such as 2048',
    globalBatchSize: 'write the sequences of one step, such as 1920',
  },
);
export type TrainingInput = Read<typeof trainingReader>;
