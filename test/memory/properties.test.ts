import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { modelStates } from '../../src/memory/states.ts';
import { unitMemory } from '../../src/memory/unitMemory.ts';
import { simulate } from '../../src/simulate.ts';
import { stacks } from '../../src/stack/index.ts';
import { anyJob, fixedSchedules, type WrittenJob } from '../anyJob.ts';
import { divides, graphOf, model, stack, unitTotal } from '../graph/make.ts';

const runs = { numRuns: 30 };
const bytesOf = (states: ReturnType<typeof modelStates>) =>
  states.parametersBytes + states.gradientsBytes + states.optimizerBytes + states.stepBytes;
const anyStack = fc.constantFrom(...stacks);
const anyModel = fc.constantFrom('gpt3-175b', 'gpt3-6.7b', 'llama3-8b', 'llama3-70b', 'bert-large', 'llama2-7b');

function reportOf(job: WrittenJob, changes: Record<string, unknown> = {}) {
  return simulate(readJob({ ...job, parallelism: { ...job.parallelism, ...changes } }));
}

describe('model states', () => {
  it('never grow with the ZeRO stage at two replicas or more', () => {
    fc.assert(
      fc.property(
        anyStack,
        fc.integer({ min: 1, max: 1e10 }),
        fc.integer({ min: 2, max: 512 }),
        fc.constantFrom('bf16', 'fp16', 'fp32'),
        fc.constantFrom('adam', 'sgd', 'lion'),
        (software, parameters, replicas, precision, optimizer) => {
          const at = (zeroStage: 0 | 1 | 2 | 3) =>
            bytesOf(modelStates(parameters, software, precision, optimizer, { zeroStage, replicas }));
          expect(at(1)).toBeLessThanOrEqual(at(0));
          // Halves of an odd number are one parameter more, twice: of masters beside their copy, and of gradients.
          expect(at(2)).toBeLessThanOrEqual(at(1) + 8);
          expect(at(3)).toBeLessThanOrEqual(at(2));
        },
      ),
    );
  });

  it('never grow with tensor parallelism', () => {
    fc.assert(
      fc.property(anyModel, anyStack, fc.constantFrom(1, 2, 4), (name, software, tensor) => {
        const spec = model(name);
        fc.pre(divides(spec, 2 * tensor));
        const parameters = (degree: number) => {
          const { units } = graphOf(spec, { tensor: degree }, software);
          return units.reduce((sum, unit) => sum + unitTotal(unit, (operator) => operator.parameters), 0);
        };
        expect(parameters(2 * tensor)).toBeLessThanOrEqual(parameters(tensor));
      }),
      runs,
    );
  });
});

describe('activations of a unit', () => {
  it('never grow with more recomputation, and what is dropped comes back for a moment', () => {
    fc.assert(
      fc.property(anyModel, anyStack, fc.integer({ min: 1, max: 8 }), (name, software, sequences) => {
        for (const unit of new Set(graphOf(name, {}, software).units)) {
          const at = (mode: Parameters<typeof unitMemory>[3]) => unitMemory(unit, software, sequences, mode);
          const none = at('none');
          for (const mode of ['cheap', 'selective', 'full', 'inner'] as const) {
            expect(at(mode).savedBytes).toBeLessThanOrEqual(
              none.savedBytes + (mode === 'full' ? unit.boundaryBytes * sequences : 0),
            );
            expect(at(mode).recomputedBytes).toBeGreaterThanOrEqual(none.savedBytes - at(mode).savedBytes);
          }
          expect(at('full').savedBytes).toBeLessThanOrEqual(
            Math.max(at('selective').savedBytes, unit.boundaryBytes * sequences),
          );
          expect(at('inner').savedBytes).toBe(0);
        }
      }),
      runs,
    );
  });

  it('are kept tensors that sum to what is saved', () => {
    const { units } = graphOf('llama3-8b', {}, stack('fsdp2'));
    for (const mode of ['none', 'cheap', 'selective', 'selective-op', 'full', 'inner'] as const) {
      const { kept, savedBytes } = unitMemory(units[1]!, stack('fsdp2'), 2, mode);
      expect(kept.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(savedBytes);
    }
  });
});

describe('any job', () => {
  it('has a peak of at least its states', () => {
    fc.assert(
      fc.property(anyJob(), (job) => {
        for (const stage of reportOf(job).memory.stages) {
          const states = stage.parametersBytes + stage.gradientsBytes + stage.optimizerBytes;
          expect(stage.allocatedBytes).toBeGreaterThanOrEqual(states);
          expect(stage.peakBytes).toBeGreaterThanOrEqual(stage.reservedBytes);
          expect(stage.reservedBytes).toBeGreaterThanOrEqual(stage.allocatedBytes);
        }
      }),
      runs,
    );
  });

  it('takes longer the more it recomputes, in equal stages', () => {
    fc.assert(
      // An order that follows from times may turn out shorter where passes take longer.
      fc.property(anyJob({ schedules: fixedSchedules }), (job) => {
        const time = (recompute: string) => reportOf(job, { recompute, partitioner: 'uniform' }).stepTimeSeconds;
        const [none, selective, full] = [time('none'), time('selective'), time('full')];
        expect(selective).toBeGreaterThanOrEqual(none * (1 - 1e-12));
        expect(full).toBeGreaterThanOrEqual(selective * (1 - 1e-12));
      }),
      runs,
    );
  });

  it('is never slower with recompute auto than with any mode that fits', () => {
    fc.assert(
      fc.property(anyJob(), (job) => {
        const auto = reportOf(job, { recompute: 'auto' });
        for (const recompute of ['none', 'selective', 'selective-op', 'full']) {
          const named = reportOf(job, { recompute });
          if (!named.fits) continue;
          expect(auto.fits).toBe(true);
          expect(auto.stepTimeSeconds).toBeLessThanOrEqual(named.stepTimeSeconds);
        }
      }),
      { numRuns: 15 },
    );
  });
});

describe('a pipeline that holds more microbatches in flight', () => {
  it.each([4, 8, 16])('never needs less: all forwards first against 1F1B with %d microbatches', (microbatches) => {
    const peaks = (schedule: string) =>
      simulate(
        readJob({
          model: 'gpt3-6.7b',
          cluster: { instance: 'p4d.24xlarge', count: 1 },
          stack: 'megatron-2021',
          training: { sequenceLength: 2048, globalBatchSize: microbatches, precision: 'fp16' },
          parallelism: { tensor: 2, pipeline: 4, schedule, partitioner: 'uniform' },
        }),
      ).memory.stages.map(({ peakBytes }) => peakBytes);
    const more = peaks('gpipe');
    peaks('1f1b').forEach((peak, stage) => {
      expect(more[stage]).toBeGreaterThanOrEqual(peak);
    });
  });
});
