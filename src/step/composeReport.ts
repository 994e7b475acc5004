import { parameterCount } from '../graph/parameters.ts';
import { paddedVocabulary } from '../graph/transformer.ts';
import type { Job } from '../job/job.ts';
import type { Cuts } from '../partition/index.ts';
import { chunkOf, deviceOf } from '../pipeline/placement.ts';
import type { PipelineTimeline } from '../pipeline/run.ts';
import { formatBytes } from '../units.ts';
import { breakdownOf } from './breakdown.ts';
import { hostBytes } from './deviceMemory.ts';
import type { EvidenceFound } from './evidence.ts';
import type { FinishedStep } from './finishStep.ts';
import type { MemoryReport, PartitionReport, Report, StageMemory } from './report.ts';
import { backwardSeconds, forwardSeconds, type StageProfile } from './stageProfile.ts';
import { trainingReport, utilisation } from './totals.ts';

/** What a simulation found, ready to be told. */
export interface Findings {
  readonly cuts: Cuts;
  readonly stages: readonly StageProfile[];
  readonly timeline: PipelineTimeline;
  readonly step: FinishedStep;
  readonly memory: readonly StageMemory[];
  /** What published runs say, where it was looked up. */
  readonly evidence: EvidenceFound | undefined;
  readonly warnings: readonly string[];
}

/** Puts the findings of a simulation into the report that every program and picture reads. */
export function composeReport(job: Job, findings: Findings): Report {
  const { stages, timeline, step, evidence } = findings;
  const { stepTimeSeconds } = step;
  const { globalBatchSize, sequenceLength } = job.training;
  const vocabularySize = paddedVocabulary(job.model, job.stack, job.parallelism.degrees.tensor);
  const memory = memoryReport(job, findings.memory, hostBytes(job, timeline.plan, stages));
  const hostCapacity = job.cluster.instance.hostMemoryBytes ?? Number.POSITIVE_INFINITY;
  const breakdownSeconds = breakdownOf(timeline, stages, step);
  const training = trainingReport(job, stepTimeSeconds);
  return {
    name: job.name,
    fits: memory.peakBytes <= memory.capacityBytes && memory.hostBytes <= hostCapacity,
    stepTimeSeconds,
    ...(evidence?.stepTimeSecondsRange === undefined ? {} : { stepTimeSecondsRange: evidence.stepTimeSecondsRange }),
    samplesPerSecond: globalBatchSize / stepTimeSeconds,
    tokensPerSecond: (globalBatchSize * sequenceLength) / stepTimeSeconds,
    parameters: parameterCount(job.model),
    paddedParameters: parameterCount(job.model, { vocabularySize }),
    ...utilisation(job, stepTimeSeconds),
    bubbleFraction: breakdownSeconds.bubble / stepTimeSeconds,
    breakdownSeconds,
    memory,
    partition: partitionReport(job, findings),
    ...(training === undefined ? {} : { training }),
    nearest: evidence?.nearest ?? [],
    warnings: [
      ...findings.warnings,
      ...memoryWarnings(memory),
      ...hostWarnings(memory, hostCapacity),
      ...(evidence?.warnings ?? []),
    ],
  };
}

function memoryReport(job: Job, stages: readonly StageMemory[], onHost: number): MemoryReport {
  const largest = (part: (stage: StageMemory) => number) => Math.max(...stages.map(part));
  return {
    capacityBytes: job.cluster.instance.accelerator.usableMemoryBytes,
    peakBytes: largest((stage) => stage.peakBytes),
    peakAllocatedBytes: largest((stage) => stage.allocatedBytes),
    peakReservedBytes: largest((stage) => stage.reservedBytes),
    hostBytes: onHost,
    stages,
  };
}

function memoryWarnings({ stages, capacityBytes }: MemoryReport): string[] {
  const over = stages.filter((stage) => stage.peakBytes > capacityBytes);
  if (over.length === 0) return [];
  const worst = over.reduce((a, b) => (b.peakBytes > a.peakBytes ? b : a));
  const others = over.length === 1 ? '' : `, and ${over.length - 1} more of ${stages.length} stages are over`;
  return [
    `Stage ${worst.stage} needs ${formatBytes(worst.peakBytes)} of ${formatBytes(capacityBytes)}: ${formatBytes(worst.peakBytes - capacityBytes)} too much${others}.`,
  ];
}

function hostWarnings({ hostBytes }: MemoryReport, capacityBytes: number): string[] {
  if (hostBytes <= capacityBytes) return [];
  const over = formatBytes(hostBytes - capacityBytes);
  return [`An instance needs ${formatBytes(hostBytes)} of its host's ${formatBytes(capacityBytes)}: ${over} too much.`];
}

function partitionReport(job: Job, { cuts, stages, timeline }: Findings): PartitionReport {
  const { placement, stages: devices } = timeline.plan;
  const loads = new Array<number>(devices).fill(0);
  stages.forEach((stage, index) => {
    loads[deviceOf(placement, devices, index)]! += forwardSeconds(stage) + backwardSeconds(stage);
  });
  const mean = loads.reduce((sum, load) => sum + load, 0) / devices;
  return {
    partitioner: job.parallelism.partitioner.kind,
    imbalance: Math.max(0, Math.max(...loads) / mean - 1),
    bottleneckSeconds: cuts.bottleneckSeconds,
    lowerBoundSeconds: cuts.lowerBoundSeconds,
    stages: stages.map((stage, index) => ({
      virtualStage: index,
      stage: deviceOf(placement, devices, index),
      chunk: chunkOf(placement, devices, index),
      layers: stage.layers,
      operators: stage.operators,
      parameters: stage.wholeParameters,
      forwardSeconds: forwardSeconds(stage),
      backwardSeconds: backwardSeconds(stage),
      sendBytes: stage.sendBytes,
    })),
  };
}
