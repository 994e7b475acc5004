import type { EvidenceRow } from '../src/evidence/index.ts';
import { simulate } from '../src/simulate.ts';
import { featuresOf } from '../src/step/evidence.ts';
import { measuredSeconds } from '../src/validate/index.ts';
import { measuredJobs } from './measuredJobs.ts';

/**
 * Published runs as evidence, predicted anew.
 * @param every only each so-manieth of them, for a test that has no time for all
 */
export function evidenceOfValidation(every = 1): readonly EvidenceRow[] {
  return measuredJobs()
    .filter((_, index) => index % every === 0)
    .map(({ row, job }) => ({
      id: row.id,
      set: row.set,
      source: row.source,
      features: featuresOf(job),
      measuredSeconds: measuredSeconds(row)!.middle,
      predictedSeconds: simulate(job, { evidence: false }).stepTimeSeconds,
    }));
}
