import { describe, expect, it } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { simulate } from '../../src/simulate.ts';

const GIB = 2 ** 30;

/** Peak allocated GiB of a model on 8 B200, microbatches of one sequence. */
interface Row {
  readonly model: string;
  readonly layers: number;
  readonly sequenceLength: number;
  readonly tensor: number;
  readonly pipeline: number;
  readonly context: number;
  readonly measured: number;
}

const of = (
  model: string,
  layers: number,
  sequenceLength: number,
  [tensor, pipeline, context]: readonly [number, number, number],
  measured: number,
): Row => ({ model, layers, sequenceLength, tensor, pipeline, context, measured });

const k = 1024;
// MooreThreads/SimuMax 4dcaae5, docs, summary of measurements on B200.
const rows: readonly Row[] = [
  of('llama3-70b', 12, 4 * k, [1, 2, 1], 66.55),
  of('llama3-70b', 12, 4 * k, [2, 1, 1], 60.68),
  of('llama3-70b', 12, 4 * k, [4, 1, 1], 39.07),
  of('llama3-70b', 12, 4 * k, [8, 1, 1], 28.29),
  of('llama3-70b', 12, 32 * k, [2, 1, 4], 68.43),
  of('llama3-70b', 12, 32 * k, [1, 1, 8], 104.51),
  of('llama3-70b', 12, 128 * k, [2, 1, 4], 112.67),
  of('llama3.1-405b', 4, 4 * k, [2, 1, 1], 81.59),
  of('llama3.1-405b', 4, 4 * k, [4, 1, 1], 52.89),
  of('llama3.1-405b', 4, 4 * k, [8, 1, 1], 38.57),
  of('llama3.1-405b', 4, 32 * k, [2, 1, 4], 87.03),
  of('llama3.1-405b', 4, 32 * k, [1, 1, 8], 139.22),
  of('llama3.1-405b', 4, 4 * k, [1, 2, 1], 87.08),
  of('llama3.1-405b', 4, 128 * k, [2, 1, 4], 118.13),
];

describe('peak allocated memory on B200', () => {
  it.each(rows)('of $model with $layers layers at $sequenceLength, t$tensor p$pipeline c$context', (row) => {
    const { tensor, pipeline, context } = row;
    const data = 8 / (tensor * pipeline * context);
    const whole = readJob({
      model: row.model,
      cluster: { instance: 'p6-b200.48xlarge', count: 64 },
      stack: 'megatron-core',
      training: { sequenceLength: 4096, globalBatchSize: 512 },
    });
    const job = readJob({
      model: { ...whole.model, layers: row.layers },
      cluster: { instance: 'p6-b200.48xlarge', devices: 8 },
      stack: { name: 'megatron-core', gradientAccumulationDtype: 'fp32' },
      training: { sequenceLength: row.sequenceLength, globalBatchSize: 8 * data, precision: 'bf16' },
      parallelism: { tensor, pipeline, context, data, sequenceParallel: tensor > 1, partitioner: 'uniform' },
    });
    const predicted = simulate(job).memory.peakAllocatedBytes / GIB;
    expect(Math.abs(predicted / row.measured - 1), `${predicted.toFixed(2)} for ${row.measured}`).toBeLessThan(0.025);
  });
});
