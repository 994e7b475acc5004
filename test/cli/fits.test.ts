import { describe, expect, it } from 'vitest';
import { foretrain } from './harness.ts';

describe('foretrain fits', () => {
  // AWS, announcement of Inf2 instances: a model of 175 billion parameters on a single inf2.48xlarge.
  it('holds a 175B model on one inf2.48xlarge', async () => {
    const { status, stdout } = await foretrain(['fits', 'gpt3-175b', 'inf2.48xlarge', '--json']);
    expect(status).toBe(0);
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({
      model: 'gpt3-175b',
      instance: 'inf2.48xlarge',
      tokens: 2048,
      fits: true,
      weightsBytes: 2 * 174_604_259_328,
      cacheBytesPerToken: 2 * 96 * 12_288 * 2,
    });
    expect(answer.weightsBytes + answer.cacheBytes).toBeLessThan(answer.capacityBytes);
  });

  it('does not on one g5.48xlarge, and says by how much', async () => {
    const { status, stdout } = await foretrain(['fits', 'gpt3-175b', 'g5.48xlarge']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^gpt3-175b on one g5\.48xlarge: does not fit: .* too much\n/);
  });

  it('counts the tokens that would fit', async () => {
    const { stdout } = await foretrain(['fits', 'llama3-70b', 'p4de.24xlarge', '--json']);
    const { mostTokens } = JSON.parse(stdout);
    const at = async (tokens: number) =>
      JSON.parse((await foretrain(['fits', 'llama3-70b', 'p4de.24xlarge', '--tokens', `${tokens}`, '--json'])).stdout);
    expect((await at(mostTokens)).fits).toBe(true);
    expect((await at(mostTokens + 1)).fits).toBe(false);
  });

  it.each([
    [['fits'], 'MODEL: is missing; `foretrain models` lists the names'],
    [['fits', 'gpt3-175'], 'INSTANCE: is missing; `foretrain instances` lists the names'],
    [['fits', 'gpt3-175', 'p4d.24xlarge'], 'MODEL: there is no model gpt3-175; did you mean gpt3-175b?'],
    [['fits', 'gpt3-175b', 'p4d.24xlarge', '--tokens', '0'], '--tokens: must be a whole number, 1 or more; not 0'],
  ])('%j is a fault of one line', async (args, line) => {
    const { status, faults } = await foretrain(args);
    expect(status).toBe(2);
    expect(faults).toContain(line);
  });
});
