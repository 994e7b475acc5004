import { simulate } from '../simulate.ts';
import type { Report } from '../step/report.ts';
import { formatBytes } from '../units.ts';
import type { Alternative, Explanation } from './answer.ts';
import type { Offer } from './offers.ts';
import type { Cell } from './request/cell.ts';
import type { PlanRequest } from './request/request.ts';
import type { CellResult } from './search/searchCell.ts';
import { sensitivity } from './sensitivity.ts';
import { type Candidate, type Family, jobOf } from './space/candidate.ts';
import type { Space } from './space/space.ts';

/** Alternatives that are told. */
const mostTold = 5;

/** Why the best plan is the best: its neighbours, what binds it, and what would help most. */
export async function explain(
  space: Space,
  { cell, found }: Offer,
  result: CellResult,
  request: PlanRequest,
): Promise<Explanation> {
  const report = forecast(cell, found.candidate);
  return {
    alternatives: alternatives(space, found.candidate, report, request),
    binds: binds(cell, found.candidate, report, result, request),
    sensitivity: await sensitivity(cell, found, request),
  };
}

function forecast(cell: Pick<Cell, 'base'>, candidate: Candidate): Report {
  return simulate(jobOf(cell, candidate), { evidence: false });
}

/** What the words of a change are about, in the order in which they are told. */
const steps = ['tensor', 'pipeline', 'context', 'microBatchSize', 'sequenceParallel', 'placement'] as const;
type Step = (typeof steps)[number];

/** The nearest value of every field that is not the plan's, on either side. */
function alternatives(
  space: Space,
  best: Candidate,
  report: Report,
  { constraints }: PlanRequest,
): readonly Alternative[] {
  const neighbours = new Map<string, { readonly change: string; readonly candidate: Candidate }>();
  const add = (change: string, candidate: Candidate | undefined) => {
    if (candidate !== undefined && !neighbours.has(change)) neighbours.set(change, { change, candidate });
  };
  const families = [...space.families()];
  for (const step of steps) {
    for (const family of nearestFamilies(families, best.family, step)) {
      add(`${step} ${family[step]} instead of ${best.family[step]}`, inFamily(space, best, family));
    }
  }
  for (const pipeline of space.pipelines(best.family)) {
    const { schedule, virtualStages } = best.pipeline;
    const isNext = Math.abs(pipeline.virtualStages - virtualStages) === 1;
    if (pipeline.schedule === schedule && isNext) {
      add(`virtualStages ${pipeline.virtualStages} instead of ${virtualStages}`, legal(space, { ...best, pipeline }));
    } else if (pipeline.schedule !== schedule) {
      add(`schedule ${pipeline.schedule} instead of ${schedule}`, legal(space, { ...best, pipeline }));
    }
  }
  for (const run of space.recomputes(best.family, best.pipeline, best.state)) {
    for (const recompute of [run[0]!, run.at(-1)!]) {
      if (textOf(recompute) === textOf(best.recompute)) continue;
      add(`recompute ${textOf(recompute)} instead of ${textOf(best.recompute)}`, { ...best, recompute });
    }
  }
  for (const state of space.states(best.family)) {
    if (state.zeroStage === best.state.zeroStage || state.offload !== best.state.offload) continue;
    add(`zeroStage ${state.zeroStage} instead of ${best.state.zeroStage}`, legal(space, { ...best, state }));
  }
  const told = [...neighbours.values()].map(({ change, candidate }) => {
    const { stepTimeSeconds, fits, memory } = forecast(space.cell, candidate);
    const room = memory.capacityBytes * (1 - constraints.memoryMarginFraction);
    const overBytes = Math.max(0, memory.peakBytes - room);
    return { change, fits: fits && overBytes === 0, loss: stepTimeSeconds / report.stepTimeSeconds - 1, overBytes };
  });
  return told.sort((a, b) => Math.abs(a.loss) - Math.abs(b.loss)).slice(0, mostTold);
}

function textOf(recompute: Candidate['recompute']): string {
  if (typeof recompute === 'string') return recompute;
  const { mode, layers } = recompute;
  return layers === 1 ? `${mode} of 1 layer` : `${mode} of ${layers ?? 'some'} layers`;
}

/** Fields without effect in some families, which then have one value of them alone. */
const mayFollow: readonly Step[] = ['sequenceParallel', 'placement'];

/** Families that differ in one field alone, and in what follows from it: the nearest on either side. */
function nearestFamilies(families: readonly Family[], best: Family, step: Step): readonly Family[] {
  const following = (family: Family) => steps.filter((field) => field !== step && family[field] !== best[field]);
  const others = families
    .filter((family) => family[step] !== best[step] && following(family).every((field) => mayFollow.includes(field)))
    .sort((a, b) => following(a).length - following(b).length);
  const own = best[step];
  if (typeof own !== 'number') return others.slice(0, 1).filter((family) => following(family).length === 0);
  const value = (family: Family) => Number(family[step]);
  const below = others.filter((family) => value(family) < own).sort((a, b) => value(b) - value(a));
  const above = others.filter((family) => value(family) > own).sort((a, b) => value(a) - value(b));
  return [...below.slice(0, 1), ...above.slice(0, 1)];
}

/** The plan in another family, as near to itself as the family allows. */
function inFamily(space: Space, best: Candidate, family: Family): Candidate | undefined {
  const pipelines = space.pipelines(family);
  const same = pipelines.filter(({ schedule }) => schedule === best.pipeline.schedule);
  const distance = ({ virtualStages }: { readonly virtualStages: number }) =>
    Math.abs(virtualStages - best.pipeline.virtualStages);
  const [pipeline] = (same.length > 0 ? same : [...pipelines]).toSorted((a, b) => distance(a) - distance(b));
  if (pipeline === undefined) return undefined;
  const states = space.states(family).filter(({ zeroStage }) => zeroStage === best.state.zeroStage);
  const moves = (state: Candidate['state']) => JSON.stringify(state.offload) === JSON.stringify(best.state.offload);
  const degree = ({ shardingDegree }: Candidate['state']) => Math.abs(shardingDegree - best.state.shardingDegree);
  const [state] = states.filter(moves).toSorted((a, b) => degree(a) - degree(b));
  return state === undefined ? undefined : legal(space, { ...best, family, pipeline, state });
}

/** The candidate where the space has it, with the nearest way to recompute there is. */
function legal(space: Space, candidate: Candidate): Candidate | undefined {
  const ways = space.recomputes(candidate.family, candidate.pipeline, candidate.state).flat();
  const same = ways.find((way) => JSON.stringify(way) === JSON.stringify(candidate.recompute));
  const recompute = same ?? ways.at(-1);
  return recompute === undefined ? undefined : { ...candidate, recompute };
}

/** Parts of the memory and of the step that are worth a sentence. */
const nearlyFull = 0.9;
const worthTelling = 0.05;

/** Microbatches a stage below which the batch itself makes the bubble. */
const fewMicrobatches = 4;

function binds(
  cell: Cell,
  { family, pipeline }: Candidate,
  report: Report,
  { nearMiss }: CellResult,
  { constraints }: PlanRequest,
): readonly string[] {
  const { breakdownSeconds: parts, stepTimeSeconds, memory } = report;
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  const found: { readonly weight: number; readonly sentence: string }[] = [];
  const communication = (parts.tensorComm + parts.pipelineComm + parts.dataComm + parts.contextComm) / stepTimeSeconds;
  const bubble = parts.bubble / stepTimeSeconds;
  if (communication > worthTelling) {
    found.push({ weight: communication, sentence: `communication: ${percent(communication)} of a step waits for it` });
  }
  if (bubble > worthTelling) {
    found.push({ weight: bubble, sentence: `bubble: ${percent(bubble)} of a step waits for other stages` });
  }
  if (family.pipeline > 1 && family.microbatches < fewMicrobatches * family.pipeline) {
    const sentence = `batch: ${family.microbatches} microbatches for ${family.pipeline} stages of ${pipeline.virtualStages} chunks; a larger globalBatchSize would shrink the bubble`;
    found.push({ weight: bubble, sentence });
  }
  const capacity = memory.capacityBytes * (1 - constraints.memoryMarginFraction);
  if (nearMiss !== undefined && nearMiss.stepTimeSeconds < stepTimeSeconds) {
    const gain = 1 - nearMiss.stepTimeSeconds / stepTimeSeconds;
    const over = formatBytes(nearMiss.peakBytes - capacity);
    found.push({ weight: gain, sentence: `memory: ${over} more a device would save ${percent(gain)} of a step` });
  } else if (memory.peakBytes > nearlyFull * capacity) {
    found.push({
      weight: 0,
      sentence: `memory: the fullest device has ${formatBytes(capacity - memory.peakBytes)} left`,
    });
  }
  const compute = (parts.forward + parts.backward + parts.recompute) / stepTimeSeconds;
  found.push({
    weight: 0,
    sentence: `compute: ${percent(compute)} of a step, on ${cell.base.cluster.devices} devices`,
  });
  return found.toSorted((a, b) => b.weight - a.weight).map(({ sentence }) => sentence);
}
