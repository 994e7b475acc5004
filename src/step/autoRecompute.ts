import type { Job } from '../job/job.ts';
import { communicatorCount, outsideBytes } from '../memory/framework.ts';
import type { Recompute } from '../memory/recompute.ts';
import type { UnitRecompute } from '../memory/unitMemory.ts';
import { stagesByDevice } from '../pipeline/stagesByDevice.ts';
import { deviceMemory } from './deviceMemory.ts';
import { microbatchesInFlight } from './inFlight.ts';
import { cheapestChoice, type LayerMode, type LayerSet } from './layerChoice.ts';
import type { SimulatedStep } from './simulatedStep.ts';
import { largestTransferBytes, type ProfileOf, type StageProfile } from './stageProfile.ts';

/** A simulated step, as far as the choice looks at it. */
type Simulated = Pick<SimulatedStep, 'memory' | 'step' | 'partitioner' | 'timeline' | 'stages'>;

/** Modes that a job can name for all layers; the cheapest comes first. */
const named: readonly Recompute[] = [
  { mode: 'none' },
  { mode: 'selective' },
  { mode: 'selective-op' },
  { mode: 'full' },
];

/** Ways to recompute one layer. */
const modes: readonly UnitRecompute[] = ['none', 'cheap', 'selective', 'selective-op', 'full'];

/**
 * The fastest way to recompute with which every stage fits. Every named mode is tried; then, in the stages of those
 * that fit, layers are given back what room allows, stage by stage. So it is never slower than a named mode that fits.
 * Where nothing fits, full recomputation is the answer.
 * @param profileOf what a unit of the job costs under a mode
 * @param simulate runs a step of a job whose recomputation is decided
 */
export function cheapestRecompute<S extends Simulated>(job: Job, profileOf: ProfileOf, simulate: (job: Job) => S): S {
  const tried = named.map((recompute) => simulate(withRecompute(job, recompute)));
  const fitting = tried.filter(({ memory }) => memory.fits);
  if (fitting.length === 0) return tried[tried.length - 1]!;
  const { cutAt, partitioner } = job.parallelism;
  const refines = cutAt === 'layer' && partitioner.kind !== 'tree';
  const refined = refines
    ? fitting.map((base) => simulate(refinedJob(job, base, profileOf))).filter(({ memory }) => memory.fits)
    : [];
  const best = [...fitting, ...refined].reduce((a, b) => (b.step.stepTimeSeconds < a.step.stepTimeSeconds ? b : a));
  return { ...best, partitioner: partitioner.kind };
}

function withRecompute(job: Job, recompute: Recompute): Job {
  return { ...job, parallelism: { ...job.parallelism, recompute } };
}

/** The same stages, each layer recomputed only as far as its device needs. */
function refinedJob(job: Job, base: Simulated, profileOf: ProfileOf): Job {
  const { stages, timeline } = base;
  const firstLayer = stages.map((_, index) => stages.slice(0, index).reduce((sum, { layers }) => sum + layers, 0));
  const layers = new Array<UnitRecompute>(job.model.layers).fill('none');
  const held = microbatchesInFlight(timeline.plan);
  for (let device = 0; device < timeline.plan.stages; device++) {
    const own = stagesByDevice(timeline.plan)[device]!;
    const chunks = own.map((stage) => stages[stage]!);
    const layer = chunks.flatMap(({ profiles }) => profiles).find(({ unit }) => unit.kind === 'layer');
    if (layer === undefined) continue;
    const ways = modes.map((mode): LayerMode => {
      const { cost, memory } = profileOf(layer.unit, mode);
      const { recompute, recomputeTensorComm, recomputeContextComm } = cost;
      return {
        mode,
        seconds: recompute + recomputeTensorComm + recomputeContextComm,
        savedBytes: memory.savedBytes,
        transientBytes: memory.recomputedBytes + memory.gradientBytes,
      };
    });
    const sets = own.map((stage): LayerSet => ({ layers: stages[stage]!.layers, held: held[stage]! }));
    const choice = cheapestChoice(ways, sets, roomForLayers(job, chunks, sets, largestTransferBytes(stages)));
    own.forEach((stage, at) => {
      const from = firstLayer[stage]!;
      choice[at]!.forEach((mode, position) => {
        layers[from + position] = mode;
      });
    });
  }
  const stageLayers = stages.map((stage) => stage.layers);
  const parallelism = {
    ...job.parallelism,
    partitioner: { kind: 'layers', stageLayers },
    recompute: { mode: 'chosen', layers },
  } as const;
  return { ...job, parallelism };
}

/** Bytes of a device that the saved and temporary tensors of its layers may take. */
function roomForLayers(job: Job, chunks: readonly StageProfile[], sets: readonly LayerSet[], boundary: number): number {
  const { stack, cluster, parallelism, model } = job;
  const { states, bufferBytes, gatheredBytes, workspaceBytes } = deviceMemory(job, chunks, boundary);
  const { parametersBytes, gradientsBytes, optimizerBytes } = states;
  const steady = parametersBytes + gradientsBytes + optimizerBytes + bufferBytes + gatheredBytes + workspaceBytes;
  const outside = outsideBytes(stack, communicatorCount(parallelism.degrees, model.tiedEmbeddings));
  const forTensors = (cluster.instance.accelerator.usableMemoryBytes - outside - steady) / (1 + stack.fragmentation);
  return chunks.reduce((room, { profiles, savedBytes, lossTransientBytes }, at) => {
    const ofLayers = profiles.reduce(
      (sum, { unit, memory }) => (unit.kind === 'layer' ? sum + memory.savedBytes : sum),
      0,
    );
    return room - lossTransientBytes - sets[at]!.held * (savedBytes - ofLayers);
  }, Math.floor(forTensors));
}
