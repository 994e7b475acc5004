import type { Module } from './moduleTree.ts';

/** A module, or a run of numbered ones, with the device that it is on. */
export interface ModuleAssignment {
  /** Names from the root down, with slashes between, as the library prints them. */
  readonly module: string;
  readonly device: number;
}

/**
 * Every module with its device, as SageMaker's library prints them. A module whose whole inside is on its device stands
 * for it, and numbered neighbours that do so on one device share an entry: `transformer/layer/0–5`.
 */
export function assignmentsOf(root: Module, deviceOf: (module: Module) => number): readonly ModuleAssignment[] {
  const list: { path: string; from: string; to: string; device: number; whole: boolean }[] = [];
  const visit = (node: Module, above: string) => {
    const device = deviceOf(node);
    const whole = node.children.every((child) => isWhole(child, device, deviceOf));
    const before = list.at(-1);
    const joins = before?.whole === true && whole && before.device === device && before.path === above;
    if (joins && isNumber(before.to) && isNumber(node.name)) before.to = node.name;
    else list.push({ path: above, from: node.name, to: node.name, device, whole });
    if (!whole) for (const child of node.children) visit(child, `${above}${node.name}/`);
  };
  visit(root, '');
  return list.map(({ path, from, to, device }) => ({
    module: `${path}${from === to ? from : `${from}–${to}`}`,
    device,
  }));
}

function isWhole(node: Module, device: number, deviceOf: (module: Module) => number): boolean {
  return deviceOf(node) === device && node.children.every((child) => isWhole(child, device, deviceOf));
}

function isNumber(name: string): boolean {
  return /^\d+$/.test(name);
}
