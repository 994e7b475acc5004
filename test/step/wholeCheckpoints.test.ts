import { describe, expect, it } from 'vitest';
import { collectiveSeconds } from '../../src/hardware/collectives/index.ts';
import { readJob } from '../../src/job/index.ts';
import { isRecomputed, unitMemory } from '../../src/memory/unitMemory.ts';
import { rankLayout } from '../../src/partition/placement.ts';
import { simulate } from '../../src/simulate.ts';
import { dataGroups } from '../../src/step/dataComm.ts';
import { reductionSeconds } from '../../src/step/endOfStep.ts';
import { rankGraph } from '../../src/step/profiles.ts';
import { endRecompute } from '../../src/step/stageProfile.ts';

const jobOf = (stack: object, recompute: unknown = 'full') =>
  readJob({
    model: 'llama-2-13b',
    cluster: { instance: 'dgx-a100', count: 8 },
    stack,
    training: { sequenceLength: 2_048, globalBatchSize: 512, precision: 'bf16' },
    parallelism: { tensor: 4, pipeline: 2, data: 8, recompute, zeroStage: 1 },
  });

describe('a stack that checkpoints all it strings together', () => {
  const job = jobOf({ name: 'aleph-alpha-scaling' });
  const graph = rankGraph(job);
  const head = graph.units.at(-1)!;

  it('recomputes the logits and not their loss, which keeps what it kept', () => {
    expect(endRecompute(job, { mode: 'full' }, head)).toBe('full');
    expect(endRecompute(job, { mode: 'full', layers: 1 }, head)).toBe('none');
    const again = head.operators.filter((operator) => isRecomputed(head, operator, job.stack, 'full'));
    expect(again.map(({ module }) => module)).toContain('logits');
    expect(again.map(({ kind }) => kind)).not.toContain('loss');
    const loss = head.operators.find(({ kind }) => kind === 'loss')!;
    const names = unitMemory(head, job.stack, 1, 'full').kept.map(({ name }) => name);
    for (const { name } of loss.saved) expect(names).toContain(name);
  });

  it('keeps no more of the ends of the model than without, and counts their FLOPs as done twice', () => {
    for (const unit of [graph.units[0]!, head]) {
      const [kept, whole] = (['full', 'none'] as const).map((mode) => unitMemory(unit, job.stack, 1, mode).savedBytes);
      expect(kept).toBeLessThanOrEqual(whole!);
    }
    const [all, layers] = ['aleph-alpha-scaling', 'megatron-2023'].map((name) => simulate(jobOf({ name })));
    const ratio = (report: typeof all) => report!.hfu / report!.mfu;
    expect(ratio(all)).toBeCloseTo(4 / 3, 6);
    expect(ratio(layers)).toBeLessThan(4 / 3);
  });

  it('averages whole gradients under ZeRO 1, in fp32', () => {
    expect(job.stack.gradientReduceDtype).toBe('fp32');
    const groups = dataGroups(job, rankLayout('PDT', job.parallelism.degrees));
    const bytes = 2e9;
    expect(reductionSeconds(job.stack, 1, bytes, groups)).toBe(collectiveSeconds('all-reduce', bytes, groups.replicas));
    const scattering = jobOf({ name: 'megatron-2023' }).stack;
    expect(reductionSeconds(scattering, 1, bytes, groups)).toBe(
      collectiveSeconds('reduce-scatter', bytes, groups.shards),
    );
  });
});
