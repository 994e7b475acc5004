import { type Candidate, readPlanRequest } from '../../src/planner/index.ts';
import { candidates, spaceOf } from '../../src/planner/space/space.ts';

export type { Candidate };

/** A prime, so that what is taken is spread over all fields. */
const stride = 37;
const most = 3_000;

/** Configurations of the first cell of a request: all of a small space, every so-manieth of a large one. */
export function candidatesOf(request: unknown): readonly Candidate[] {
  const { cells, search } = readPlanRequest(request);
  const found: Candidate[] = [];
  let at = 0;
  for (const candidate of candidates(spaceOf(cells[0]!, search))) {
    if (at++ % stride === 0) found.push(candidate);
    if (found.length === most) break;
  }
  return found;
}
