import { describe, expect, it } from 'vitest';
import { fittedConstants, fittedInFile, unsourcedFigures } from '../../scripts/fittedConstants.ts';
import { efficiencyKnob, stackKnob, together } from '../../scripts/knobs.ts';
import { leaveOut } from '../../scripts/leaveOut.ts';
import type { TrialSet } from '../../scripts/trial.ts';
import { findAccelerator } from '../../src/hardware/catalogue.ts';
import { efficiencyOf } from '../../src/hardware/efficiency.ts';
import { readJob, simulate } from '../../src/index.ts';

const job = readJob({
  model: 'gpt3-175b',
  cluster: { instance: 'p4de.24xlarge', count: 8 },
  stack: 'megatron-2021',
  training: { sequenceLength: 2048, globalBatchSize: 64, precision: 'bf16', optimizer: 'adam' },
  parallelism: { tensor: 8, pipeline: 8, recompute: 'full' },
});
const seconds = (asked: typeof job) => simulate(asked, { evidence: false }).stepTimeSeconds;

const products = () => efficiencyKnob('products on Ampere', ['a100-sxm4-80'], 'matmul');
const host = stackKnob(
  'host time',
  1,
  () => true,
  ({ hostSecondsPerLayer: { forward, backward } }, factor) => ({
    hostSecondsPerLayer: { forward: forward * factor, backward: backward * factor },
  }),
);

describe('fitted constants', () => {
  it('are found in the catalogues and in the source text, each once', () => {
    const found = fittedConstants();
    const names = found.map(({ name }) => name);
    expect(names.some((name) => name.startsWith('hostSecondsPerLayer.forward of megatron-2021'))).toBe(true);
    expect(names).toContain('hostSharpness in src/step/unitCost.ts');
    expect(new Set(found.map(({ name, source }) => `${name} ${source}`)).size).toBe(found.length);
    for (const { source } of found) expect(source).toMatch(/fitted/i);
  });

  it('are found in comments of constants and in sources of tables', () => {
    const text = `
      /** Steepness,
       * fitted to steps. */
      const steepness = 5;
      /** V: seen. */
      const seen = 6;
      const table = {
        'slow-path': { share: 0.5, latencySeconds: 1e-5, source: 'fitted to runs' },
        'fast-path': { share: 0.9, latencySeconds: 1e-6, source: 'V: seen' },
      };`;
    expect(fittedInFile('a.ts', text)).toEqual([
      { name: 'steepness in a.ts', value: '5', source: 'Steepness, fitted to steps.' },
      { name: 'share of slow-path in a.ts', value: '0.5', source: 'fitted to runs' },
    ]);
  });

  it('are none of the figures without a source', () => {
    const fitted = new Set(fittedConstants().map(({ name }) => name));
    expect(unsourcedFigures().filter(({ name }) => fitted.has(name))).toEqual([]);
  });
});

describe('a knob', () => {
  it('changes forecasts while it is turned, and puts back what it found', () => {
    const before = seconds(job);
    const knob = products();
    const slower = knob.turned(knob.now / 2, (change) => seconds(change(job)));
    expect(slower).toBeGreaterThan(1.3 * before);
    expect(efficiencyOf(findAccelerator('a100-sxm4-80')!).matmul).toBe(knob.now);
    expect(seconds(job)).toBe(before);
  });

  it('changes nothing at the value it has', () => {
    const knob = products();
    expect(knob.turned(knob.now, (change) => seconds(change(job)))).toBe(seconds(job));
  });

  it('is put back where a trial fails', () => {
    const knob = products();
    const failing = () => knob.turned(0.1, () => expect.unreachable());
    expect(failing).toThrow();
    expect(products().now).toBe(knob.now);
  });

  it('turns with others', () => {
    const knob = products();
    const both = together('both', [
      [knob, knob.now / 2],
      [host, 400],
    ]);
    const one = knob.turned(knob.now / 2, (change) => seconds(change(job)));
    expect(both.turned(1, (change) => seconds(change(job)))).toBeGreaterThan(one);
    expect(both.concerns(job)).toBe(true);
  });
});

describe('leaving sets out', () => {
  const truth = 0.7;
  const longer = readJob({
    model: 'gpt3-175b',
    cluster: { instance: 'p4de.24xlarge', count: 8 },
    stack: 'megatron-2021',
    training: { sequenceLength: 2048, globalBatchSize: 128, precision: 'bf16', optimizer: 'adam' },
    parallelism: { tensor: 8, pipeline: 8, recompute: 'selective', sequenceParallel: true },
  });
  const sets = [job, longer].map((asked, index): TrialSet => {
    const time = products().turned(truth, (change) => seconds(change(asked)));
    const run = {
      job: asked,
      measured: { low: time, high: time, middle: time },
      error: Math.abs(seconds(asked) / time - 1),
    };
    return { name: `set ${index}`, runs: Array.from({ length: 20 }, () => run) };
  });

  it('finds again what made the times, and what the others know of the set that is left out', () => {
    const knob = products();
    const { all, left } = leaveOut(sets, [{ knob, value: knob.now, spread: 0.3 }]);
    expect(all[0]).toBeCloseTo(truth, 2);
    for (const { asItIs, seen, unseen } of left) {
      expect(seen).toBeLessThan(0.1 * asItIs);
      expect(unseen).toBeLessThan(0.1 * asItIs);
    }
  });

  it('lets a set keep only what no other knows', () => {
    const knob = products();
    const prior = { knob, value: knob.now, spread: 0.3 };
    for (const { unseen, unseenElsewhere } of leaveOut(sets, [prior]).left) expect(unseenElsewhere).toBe(unseen);
    const [alone] = leaveOut(sets.slice(0, 1), [prior]).left;
    expect(alone!.unseen).toBeCloseTo(alone!.asItIs, 12);
    expect(alone!.unseenElsewhere).toBe(alone!.seen);
  });

  it('leaves at its prior what no set knows', () => {
    const knob = efficiencyKnob('products on NeuronCores', ['trainium1'], 'matmul');
    expect(leaveOut(sets, [{ knob, value: 0.9, spread: 0.3 }]).all[0]).toBeCloseTo(0.9, 12);
  });
});
