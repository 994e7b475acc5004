import type { Job } from '../../job/job.ts';
import { isRecomputed } from '../../memory/unitMemory.ts';
import type { Simulation } from '../../simulate.ts';
import { walkMemory } from '../../step/passPeak.ts';
import { deviceParameters, type StageProfile, stagesOf } from '../../step/stageProfile.ts';
import type { ExtraSlice, TraceArgs, TraceSource } from './source.ts';

const microsecondsOfSecond = 1e6;

/** A simulated step as a trace: one rank of every pipeline stage. */
export function traceOfSimulation(job: Job, simulation: Simulation): TraceSource {
  const { report, timeline, stages, transferSeconds, layout } = simulation;
  const flops = stageFlops(job, stages);
  return {
    title: report.name,
    timeline,
    transfers: job.stack.pipelineTransfers,
    communication: transferSeconds,
    microseconds: microsecondsOfSecond,
    leftOut: leftOut(job),
    processName: (device) => `stage ${device} · rank ${device * layout.pipeline}`,
    passArgs: (pass, virtualStage): TraceArgs => {
      const stage = stages[virtualStage]!;
      const work = flops[virtualStage]!;
      switch (pass) {
        case 'forward':
          return {
            flops: work.forward,
            savedBytes: stage.savedBytes,
            ...seconds({
              tensorComm: stage.forwardTensorComm,
              contextComm: stage.forwardContextComm,
              dataComm: stage.forwardDataComm,
            }),
          };
        case 'backward-weight':
          return { flops: work.weight, freedBytes: stage.weightBytes };
        case 'backward':
        case 'backward-input':
          return {
            flops: work.recompute + work.input + (pass === 'backward' ? work.weight : 0),
            freedBytes: pass === 'backward' ? stage.savedBytes : stage.savedBytes - stage.weightBytes,
            ...seconds({
              recompute: stage.recompute,
              tensorComm: stage.recomputeTensorComm + stage.backwardTensorComm,
              contextComm: stage.recomputeContextComm + stage.backwardContextComm,
              dataComm: stage.backwardDataComm,
            }),
          };
      }
    },
    transferBytes: (virtualStage) => stages[virtualStage]!.sendBytes,
    extraSlices: () => extraSlices(simulation),
    memory: {
      kinds: ['parameters, gradients, optimizer', 'buffers and workspace', 'saved for backward', 'temporary'],
      walk: (device, visit) => {
        const memory = report.memory.stages[device]!;
        const states = memory.parametersBytes + memory.gradientsBytes + memory.optimizerBytes;
        let most = 0;
        walkMemory(timeline.plan, device, stages, (_, saved, transient) => {
          most = Math.max(most, saved + transient);
        });
        // Whatever is allocated all the time besides the model's states.
        const buffers = memory.allocatedBytes - states - most;
        walkMemory(timeline.plan, device, stages, (task, saved, transient, left) => {
          visit(task, [states, buffers, saved, transient], [states, buffers, left, 0]);
        });
      },
    },
  };
}

/** Parts of a pass that take any time, each by its name with the unit. */
function seconds(parts: Readonly<Record<string, number>>): TraceArgs {
  const felt = Object.entries(parts).filter(([, value]) => value > 0);
  return Object.fromEntries(felt.map(([name, value]) => [`${name}Seconds`, value]));
}

function leftOut({ parallelism, cluster }: Job): readonly string[] {
  const { pipeline } = parallelism.degrees;
  const others = cluster.devices - pipeline;
  return [
    'One step is shown; all steps are alike.',
    ...(others === 0 ? [] : [`One rank of each stage is shown: the other ${others} do the same at the same time.`]),
    'Collectives among tensor and context ranks, and of sharded parameters, are inside the pass that waits for them.',
  ];
}

/** FLOPs of one microbatch on one rank, by pass. */
interface StageFlops {
  readonly forward: number;
  readonly recompute: number;
  readonly input: number;
  readonly weight: number;
}

/** A product's backward pass is two products of its own size; whatever else there is belongs to the inputs. */
function stageFlops({ stack, parallelism }: Job, stages: readonly StageProfile[]): readonly StageFlops[] {
  const { microBatchSize } = parallelism;
  return stages.map(({ profiles }) => {
    let forward = 0;
    let recompute = 0;
    let backward = 0;
    let weight = 0;
    for (const { unit, recompute: way } of profiles) {
      for (const operator of unit.operators) {
        forward += operator.forwardFlops;
        backward += operator.backwardFlops;
        const { kind, gemm, parameters } = operator;
        if (kind === 'matmul' || (kind === 'operator' && gemm !== undefined && parameters > 0))
          weight += operator.backwardFlops / 2;
        if (isRecomputed(unit, operator, stack, way)) recompute += operator.forwardFlops;
      }
    }
    const times = (count: number) => count * microBatchSize;
    return {
      forward: times(forward),
      recompute: times(recompute),
      input: times(backward - weight),
      weight: times(weight),
    };
  });
}

/** What every device does once its passes are over: averages, waits for the norm, steps, gathers, rests. */
function extraSlices({ step, stages, timeline }: Simulation): readonly ExtraSlice[] {
  const slices: ExtraSlice[] = [];
  step.ends.forEach((end, device) => {
    const add = (stream: ExtraSlice['stream'], name: string, start: number, finish: number, args: TraceArgs = {}) => {
      if (finish > start) slices.push({ device, stream, name, start, end: finish, args });
    };
    for (const { of, start, end: finish, bytes } of end.reductions) {
      add('data-parallel communication', `average ${of}`, start, finish, { bytes });
    }
    const begins = Math.max(end.reducedAt, step.barrier);
    const stepped = begins + end.optimizer;
    const gathered = stepped + end.gather;
    add('data-parallel communication', 'wait for the norm of all gradients', end.reducedAt, begins);
    const parameters = deviceParameters(stagesOf(timeline.plan, stages, device));
    add('optimizer', 'optimizer step', begins, stepped, { parameters });
    add('data-parallel communication', 'gather parameters', stepped, gathered, { bytes: end.gatherBytes });
    add('host', 'host between steps', gathered, gathered + step.hostSeconds);
  });
  return slices;
}
