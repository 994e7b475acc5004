import { planSchedule } from '../../src/pipeline/planSchedule.ts';
import { runPipeline } from '../../src/pipeline/run.ts';
import { findSchedule } from '../../src/pipeline/schedules/index.ts';
import type { Report, StageMemory } from '../../src/step/report.ts';

const GIB = 1024 ** 3;

interface Sizes {
  readonly stages?: number;
  readonly chunks?: number;
  readonly capacityGiB?: number;
  /** Memory of the first stage; each later one has 1 GiB less of activations. */
  readonly firstGiB?: number;
}

/** A report of a pipeline of equal stages whose activations shrink from stage to stage. */
export function makeReport({ stages = 6, chunks = 1, capacityGiB = 39.4, firstGiB = 30 }: Sizes = {}): Report {
  const memory = Array.from({ length: stages }, (_, stage) => stageMemory(stage, stages, firstGiB));
  const peakBytes = Math.max(...memory.map((stage) => stage.peakBytes));
  return {
    name: 'GPT-3 175B on 120 p4d',
    fits: peakBytes <= capacityGiB * GIB,
    stepTimeSeconds: 55.3,
    samplesPerSecond: 34.72,
    tokensPerSecond: 71_106,
    parameters: 174_604_259_328,
    paddedParameters: 174_615_846_912,
    modelFlopsPerSecondPerDevice: 81.2e12,
    mfu: 0.26,
    hfu: 0.339,
    bubbleFraction: 5.3 / 55.3,
    breakdownSeconds: {
      forward: 10.5,
      backward: 20.9,
      recompute: 9.8,
      tensorComm: 6.4,
      pipelineComm: 0.41,
      dataComm: 1.6,
      contextComm: 0,
      expertComm: 0,
      offload: 0,
      optimizer: 0.29,
      bubble: 5.3,
      other: 0.1,
    },
    memory: {
      capacityBytes: capacityGiB * GIB,
      peakBytes,
      peakAllocatedBytes: peakBytes - 2 * GIB,
      peakReservedBytes: peakBytes - GIB,
      hostBytes: 0,
      stages: memory,
    },
    partition: {
      partitioner: 'exact',
      imbalance: 0.021,
      bottleneckSeconds: 0.5,
      lowerBoundSeconds: 0.5,
      stages: Array.from({ length: stages * chunks }, (_, virtualStage) => ({
        virtualStage,
        stage: virtualStage % stages,
        chunk: Math.floor(virtualStage / stages),
        layers: 96 / (stages * chunks),
        operators: 200,
        parameters: Math.round(174_604_259_328 / (stages * chunks)),
        forwardSeconds: 0.108 / chunks,
        backwardSeconds: 0.312 / chunks,
        sendBytes: 50_331_648,
      })),
    },
    training: {
      steps: 76_294,
      timeToTrainSeconds: 48.8 * 86400,
      usd: 4_606_000,
      usdPerHour: 32.77,
      priceDate: '2023-04',
      energyKilowattHours: 412_345,
    },
    nearest: [],
    warnings: [],
  };
}

function stageMemory(stage: number, stages: number, firstGiB: number): StageMemory {
  const parts = {
    parametersBytes: 7 * GIB,
    gradientsBytes: 7 * GIB,
    optimizerBytes: 2 * GIB,
    activationsBytes: Math.max(1, firstGiB - 20 - (stage * 6) / stages) * GIB,
    temporaryBytes: GIB,
    communicationBytes: GIB,
    frameworkBytes: 2 * GIB,
  };
  const peakBytes = Object.values(parts).reduce((sum, bytes) => sum + bytes, 0);
  const largest = [{ name: 'input of the layer', bytes: parts.activationsBytes }];
  return { stage, peakBytes, allocatedBytes: peakBytes, reservedBytes: peakBytes, peakAtSeconds: 1, ...parts, largest };
}

/** The timeline of a schedule whose backward pass takes twice the forward pass, stretched to 51.2 s. */
export function makeTimeline(schedule: string, stages: number, microbatches: number, virtualStages = 1) {
  const shape = { stages, virtualStages, microbatches, microbatchGroupSize: stages, activeMicrobatches: stages + 2 };
  const count = stages * virtualStages;
  const unit = 51.2 / (3 * (microbatches * virtualStages + stages - 1));
  const costs = {
    forward: new Float64Array(count).fill(unit),
    backward: new Float64Array(count).fill(2 * unit),
    weight: new Float64Array(count),
    communication: new Float64Array(count - 1),
  };
  return runPipeline(planSchedule(findSchedule(schedule), shape, costs), costs);
}
