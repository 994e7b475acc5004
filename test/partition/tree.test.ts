import { describe, expect, it } from 'vitest';
import { formatAssignments, type ModuleNode, tree } from '../../src/partition/index.ts';

/** A module of some cost, the same in time and in memory. */
function leaf(name: string, cost: number): ModuleNode {
  return { name, seconds: cost, parameterBytes: cost, activationBytes: 0, children: [] };
}

function container(name: string, children: readonly ModuleNode[]): ModuleNode {
  return { name, seconds: 0, parameterBytes: 0, activationBytes: 0, children };
}

const leaves = (costs: readonly number[]) => costs.map((cost, index) => leaf(`${index}`, cost));
const devicesOf = (root: ModuleNode, devices: number, dhondt: 'standard' | 'oslo' = 'standard') =>
  tree(root, { devices, memoryWeight: 0.5, dhondt })
    .assignments.filter(({ module }) => module.children.length === 0)
    .map(({ device }) => device);

describe('tree', () => {
  it('cuts equal layers of one container into equal segments, one a device', () => {
    const model = container('main', leaves(new Array<number>(48).fill(1)));
    expect(devicesOf(model, 8)).toEqual(Array.from({ length: 48 }, (_, layer) => Math.floor(layer / 6)));
  });

  it('gives the heaviest segment several devices, and segments without a seat the first', () => {
    const model = container('main', leaves([4, 1, 1, 1, 1]));
    // Segments {4}, {1}, {1}, {1, 1}: seats go to the first, the first, the last, the first.
    expect(devicesOf(model, 4)).toEqual([0, 0, 0, 2, 2]);
  });

  it('hands all devices down through a chain of containers', () => {
    const layers = container('layers', leaves([1, 1, 1, 1]));
    expect(devicesOf(container('model', [container('transformer', [layers])]), 2)).toEqual([0, 0, 1, 1]);
  });

  it('prefers the earliest cut among equal ones', () => {
    // The longer segment is the heavier one, and so has the first device.
    expect(devicesOf(container('main', leaves([1, 1, 1])), 2)).toEqual([1, 0, 0]);
  });

  it('finds the cut of one heavy first module', () => {
    expect(devicesOf(container('main', leaves([5, 1, 1, 1])), 2)).toEqual([0, 1, 1, 1]);
  });

  it('lets an embedding compete with the container of the layers', () => {
    const layers = container('layers', leaves([1, 1, 1, 1, 1, 1]));
    const model = container('model', [leaf('embedding', 2), layers]);
    // Votes 2 and 6: seats go to the layers, the layers, and at a tie to the embedding.
    expect(devicesOf(model, 3)).toEqual([2, 0, 0, 0, 1, 1, 1]);
  });

  it('allots by what is left of the votes where asked to', () => {
    const model = container('main', leaves([12, 5, 4, 3]));
    // Of the first segment's 12 votes three seats leave 4; divided by the seats of all, two leave only 2.
    expect(devicesOf(model, 4, 'standard')).toEqual([0, 2, 0, 0]);
    expect(devicesOf(model, 4, 'oslo')).toEqual([0, 2, 3, 0]);
  });

  it('weighs memory against time', () => {
    const heavy = { ...leaf('table', 1), parameterBytes: 3 };
    const model = container('main', [heavy, leaf('1', 1), leaf('2', 1), leaf('3', 1)]);
    const devices = (memoryWeight: number) =>
      tree(model, { devices: 2, memoryWeight })
        .assignments.slice(1)
        .map(({ device }) => device);
    expect(devices(0)).toEqual([0, 0, 1, 1]);
    expect(devices(1)).toEqual([0, 1, 1, 1]);
  });

  it('keeps modules of the same parameters on one device, at the place of the first', () => {
    const embedding = { ...leaf('embedding', 1), sharedParameters: 'words' };
    const head = { ...leaf('head', 1), sharedParameters: 'words' };
    const model = container('model', [embedding, ...leaves([1, 1, 1]), head]);
    const { assignments, runs } = tree(model, { devices: 2, memoryWeight: 0 });
    expect(assignments.map(({ device }) => device)).toEqual([0, 1, 0, 0, 0, 1]);
    expect(runs.map(({ device }) => device)).toEqual([1, 0, 1]);
  });

  it('runs modules without parameters where their parents run', () => {
    const dropout: ModuleNode = { name: 'dropout', seconds: 1, parameterBytes: 0, activationBytes: 0, children: [] };
    const model = container('model', [leaf('0', 1), leaf('1', 1), dropout]);
    const last = (withoutParametersOnParent: boolean) =>
      tree(model, { devices: 3, memoryWeight: 0, withoutParametersOnParent }).assignments[3].device;
    expect(last(true)).toBe(0);
    expect(last(false)).toBe(2);
  });

  it('prints the assignments and groups them into runs', () => {
    const model = container('main', leaves([1, 1, 1, 1]));
    const partition = tree(model, { devices: 2, memoryWeight: 0.8 });
    expect(formatAssignments(partition)).toEqual([
      'Partition assignments:',
      'main: 0',
      'main/0: 0',
      'main/1: 0',
      'main/2: 1',
      'main/3: 1',
    ]);
    expect(partition.runs).toEqual([
      { device: 0, modules: [1, 2] },
      { device: 1, modules: [3, 4] },
    ]);
  });
});
