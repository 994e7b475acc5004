import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readJob } from '../../src/job/index.ts';
import { rankLayout } from '../../src/partition/placement.ts';
import { rankGraph, unitProfiles } from '../../src/step/profiles.ts';
import { backwardSeconds, forwardSeconds } from '../../src/step/stageProfile.ts';

interface MeasuredLayer {
  readonly hiddenSize: number;
  readonly attentionHeads: number;
  readonly sequenceLength: number;
  readonly tensor: number;
  readonly microBatchSize: number;
  readonly recompute: string;
  readonly sequenceParallel: boolean;
  readonly forwardMs: number;
  readonly backwardMs: number;
}

const file = new URL('../../validation/korthikanti-layer.json', import.meta.url);
const measured: { readonly source: string; readonly rows: readonly MeasuredLayer[] } = JSON.parse(
  readFileSync(file, 'utf8'),
);

it.each(measured.rows)(
  'a layer takes what was measured within 5%: recompute $recompute, sequence parallel $sequenceParallel',
  (row) => {
    const { hiddenSize, attentionHeads, sequenceLength, tensor, microBatchSize, sequenceParallel } = row;
    const recompute = row.recompute === 'none' || row.recompute === 'full' ? row.recompute : 'selective';
    const job = readJob({
      model: { name: 'GPT 22B', family: 'gpt', layers: 48, hiddenSize, attentionHeads, vocabularySize: 51_200 },
      cluster: { instance: 'dgx-a100', count: 1 },
      stack: 'megatron-2021',
      training: { sequenceLength, globalBatchSize: microBatchSize, precision: 'fp16' },
      parallelism: { tensor, microBatchSize, sequenceParallel, recompute },
    });
    const graph = rankGraph(job);
    const { degrees } = job.parallelism;
    const layer = graph.units.find(({ kind }) => kind === 'layer')!;
    const { cost } = unitProfiles(job, graph, rankLayout('PDT', degrees))(layer, recompute);
    expect(Math.abs((1e3 * forwardSeconds(cost)) / row.forwardMs - 1)).toBeLessThan(0.05);
    expect(Math.abs((1e3 * backwardSeconds(cost)) / row.backwardMs - 1)).toBeLessThan(0.05);
  },
);
