import { ForetrainError, fail } from '../errors.ts';
import type { Job, Partitioner } from '../job/job.ts';
import { nearestName } from '../nearest.ts';
import { findSchedule } from '../pipeline/schedules/index.ts';
import { simulateDetailed } from '../simulate.ts';
import type { ModuleAssignment } from '../step/moduleAssignments.ts';
import type { Report } from '../step/report.ts';

/** One way to cut a model, as a step with it comes out. */
export interface PartitionAnswer {
  readonly report: Report;
  /** Where a module tree chose the devices: modules with their device, in the order in which they run. */
  readonly assignments?: readonly ModuleAssignment[];
}

/** A partitioner that cannot cut this job, and why. */
export interface PartitionRefusal {
  readonly partitioner: string;
  readonly reason: string;
}

/** Partitioners by name; those of a job that asks for none are compared in this order. */
const compared = ['exact', 'multilevel', 'tree', 'uniform', 'layers'] as const;
type Compared = (typeof compared)[number];

/** `memory_weight` of SageMaker's library where nobody says otherwise. */
const defaultMemoryWeight = 0.8;

/**
 * Simulates a job once with each partitioner that can cut it; everything else stays as the job has it.
 * @param only the name of the one partitioner that is asked for
 * @throws {ForetrainError} where there is no such partitioner, or it cannot cut this job
 */
export function comparePartitioners(job: Job, only?: string) {
  const answers: PartitionAnswer[] = [];
  const refusals: PartitionRefusal[] = [];
  for (const partitioner of only === undefined ? comparedFor(job) : [named(only)]) {
    const kind = partitionerOf(job, partitioner);
    if (kind === undefined && only === undefined) continue;
    const found = kind === undefined ? 'needs stageLayers in the job' : answerWith(job, kind);
    if (typeof found !== 'string') answers.push(found);
    else if (only === undefined) refusals.push({ partitioner, reason: found });
    else fail('--partitioner', `${partitioner} ${found}`);
  }
  return { answers, refusals };
}

/**
 * Counts by hand only where the job has them; a transformer is a chain, of which multilevel finds what exact does, and a
 * model given as a graph has no layers to count.
 */
function comparedFor({ model, parallelism }: Job): readonly Compared[] {
  if (model.graph !== undefined) return ['exact', 'multilevel'];
  return compared.filter((name) => name !== 'multilevel' || parallelism.partitioner.kind === name);
}

function named(name: string): Compared {
  const found = compared.find((one) => one === name);
  if (found !== undefined) return found;
  const nearest = nearestName(name, compared);
  const hint = nearest === undefined ? `there are ${compared.join(', ')}` : `did you mean ${nearest}?`;
  return fail('--partitioner', `there is no partitioner "${name}"; ${hint}`, 'unknown');
}

/** The partitioner of that name with the settings that the job has for it. */
function partitionerOf({ parallelism }: Job, name: Compared): Partitioner | undefined {
  if (parallelism.partitioner.kind === name) return parallelism.partitioner;
  switch (name) {
    case 'exact':
    case 'multilevel':
    case 'uniform':
      return { kind: name };
    case 'tree':
      return { kind: name, memoryWeight: defaultMemoryWeight };
    case 'layers':
      return undefined;
  }
}

/** The answer, or why there is none. */
function answerWith(job: Job, partitioner: Partitioner): PartitionAnswer | string {
  const { kind } = partitioner;
  const { cutAt, cutsAfter, schedule } = job.parallelism;
  if (job.model.graph !== undefined && kind !== 'exact' && kind !== 'multilevel') {
    return 'needs layers and modules, which a model given as a graph does not have';
  }
  if (kind !== 'exact' && cutsAfter.length > 0) return 'knows no cutsAfter, which the job has';
  if (kind === 'tree' && findSchedule(schedule).orderOn === undefined) {
    return `runs on smp-interleaved and smp-simple, not on ${schedule}`;
  }
  if ((kind === 'uniform' || kind === 'layers') && cutAt === 'operator') return 'counts layers, and cutAt is operator';
  try {
    const { report, assignments } = simulateDetailed({ ...job, parallelism: { ...job.parallelism, partitioner } });
    return assignments === undefined ? { report } : { report, assignments };
  } catch (error) {
    if (!(error instanceof ForetrainError) || partitioner.kind === job.parallelism.partitioner.kind) throw error;
    return error.faults[0].message;
  }
}
