import { parameterCount } from '../graph/parameters.ts';
import { paddedVocabulary } from '../graph/transformer.ts';
import { alignedBytes, alignmentRate } from '../hardware/kernels/alignment.ts';
import { chunkOf, deviceOf } from '../pipeline/placement.ts';
import { elementBytes } from '../stack/precision.ts';
import { formatBytes, formatCount, formatPercent } from '../units.ts';
import { breakdownOf } from './breakdown.ts';
import type { EvidenceFound } from './evidence.ts';
import type { MemoryReport, PartitionReport, Report, StageMemory } from './report.ts';
import type { SimulatedStep } from './simulatedStep.ts';
import { stageMemory } from './stageMemory.ts';
import { backwardSeconds, forwardSeconds } from './stageProfile.ts';
import { trainingReport, utilisation } from './totals.ts';

/**
 * Puts a simulated step into the report that every program and picture reads.
 * @param evidence what published runs say, where it was looked up
 */
export function composeReport(simulated: SimulatedStep, evidence: EvidenceFound | undefined): Report {
  const { job, stages, timeline, step } = simulated;
  const { stepTimeSeconds } = step;
  const { globalBatchSize, sequenceLength } = job.training;
  const vocabularySize = paddedVocabulary(job.model, job.stack, job.parallelism.degrees.tensor);
  const memory = memoryReport(simulated);
  const breakdownSeconds = breakdownOf(timeline, stages, step);
  const training = trainingReport(job, stepTimeSeconds);
  return {
    name: job.name,
    fits: simulated.memory.fits,
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
    partition: partitionReport(simulated),
    ...(training === undefined ? {} : { training }),
    nearest: evidence?.nearest ?? [],
    warnings: [
      ...simulated.notes,
      ...memoryWarnings(memory),
      ...hostWarnings(memory, simulated.memory.hostCapacityBytes),
      ...vocabularyWarnings(simulated, vocabularySize),
      ...pipelineCautions(simulated),
      ...(evidence?.warnings ?? []),
    ],
  };
}

function memoryReport({ timeline, step, memory, stages: profiles }: SimulatedStep): MemoryReport {
  const stages = stageMemory(timeline, profiles, step, memory.devices);
  const largest = (part: (stage: StageMemory) => number) => Math.max(...stages.map(part));
  return {
    capacityBytes: memory.capacityBytes,
    peakBytes: memory.peakBytes,
    peakAllocatedBytes: largest((stage) => stage.allocatedBytes),
    peakReservedBytes: largest((stage) => stage.reservedBytes),
    hostBytes: memory.hostBytes,
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

/** Says so where a rank's part of the vocabulary makes products slow that a few more rows would make fast. */
function vocabularyWarnings({ job }: SimulatedStep, vocabularySize: number): string[] {
  const { tensor } = job.parallelism.degrees;
  const rows = vocabularySize / tensor;
  const element = elementBytes(job.training.precision);
  const rate = alignmentRate(job.cluster.instance.accelerator, rows, alignedBytes, element);
  if (job.model.graph !== undefined || rate === 1) return [];
  const multiple = (alignedBytes / element) * tensor;
  const better = Math.ceil(vocabularySize / multiple) * multiple;
  return [
    `The output layer has ${formatCount(Math.ceil(rows))} rows a rank, no multiple of ${multiple / tensor}: its products run at ${formatPercent(rate, 0)} of their rate. A vocabulary padded to ${formatCount(better)} has none of that.`,
  ];
}

function pipelineCautions({ job: { stack, parallelism } }: SimulatedStep): string[] {
  return stack.pipelineCaution === undefined || parallelism.degrees.pipeline === 1 ? [] : [stack.pipelineCaution];
}

function hostWarnings({ hostBytes }: MemoryReport, capacityBytes: number): string[] {
  if (hostBytes <= capacityBytes) return [];
  const over = formatBytes(hostBytes - capacityBytes);
  return [`An instance needs ${formatBytes(hostBytes)} of its host's ${formatBytes(capacityBytes)}: ${over} too much.`];
}

function partitionReport({ partitioner, cuts, stages, timeline }: SimulatedStep): PartitionReport {
  const { placement, stages: devices } = timeline.plan;
  const { bottleneckSeconds, lowerBoundSeconds } = cuts();
  const loads = new Array<number>(devices).fill(0);
  stages.forEach((stage, index) => {
    loads[deviceOf(placement, devices, index)]! += forwardSeconds(stage) + backwardSeconds(stage);
  });
  const mean = loads.reduce((sum, load) => sum + load, 0) / devices;
  return {
    partitioner,
    imbalance: Math.max(0, Math.max(...loads) / mean - 1),
    bottleneckSeconds,
    lowerBoundSeconds,
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
