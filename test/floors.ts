import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import type { Import } from './imports.ts';

/** Floors from the ground up: a file or folder imports only from lower ones. */
const floors: readonly (readonly string[])[] = [
  ['units.ts', 'errors.ts', 'nearest.ts', 'keep.ts'],
  ['stack'],
  ['graph'],
  ['hardware'],
  ['memory', 'partition', 'pipeline'],
  ['job', 'evidence'],
  ['step'],
  ['simulate.ts'],
  ['launch', 'validate', 'advise'],
  ['planner'],
  ['report'],
  ['index.ts'],
  ['cli'],
];

/** The room a file belongs to: its folder at the top, or the file itself. Files of the ground floor share one. */
function roomOf(file: string): string {
  const top = file.split('/')[0]!;
  return floors[0]!.includes(top) ? 'the ground floor' : top;
}

function floorOf(file: string): number {
  return floors.findIndex((rooms) => rooms.includes(file.split('/')[0]!));
}

const builtins = new Set(builtinModules);

/** True for what only Node has: `node:fs`, `fs`, `fs/promises`. */
function isNode(specifier: string): boolean {
  return specifier.startsWith('node:') || builtins.has(specifier);
}

/** The file that a relative import asks for, from the root of the sources; undefined for a package. */
function targetOf({ file, specifier }: Import): string | undefined {
  if (specifier === undefined || !specifier.startsWith('.')) return undefined;
  return posix.normalize(posix.join(posix.dirname(file), specifier));
}

/** What is wrong with the imports, a sentence each; empty where the house stands. */
export function floorFaults(imports: readonly Import[]): readonly string[] {
  return [...imports.flatMap(faultsOfImport), ...circles(imports)];
}

function faultsOfImport(one: Import): string[] {
  const { file, specifier } = one;
  const from = floorOf(file);
  if (from < 0) return [`${file} is on no floor`];
  if (specifier === undefined) return [`${file} imports what it computes, which nobody can check`];
  if (isNode(specifier) && roomOf(file) !== 'cli') return [`${file} imports ${specifier}, which only cli may`];
  const target = targetOf(one);
  if (target === undefined) return [];
  if (target.startsWith('..')) return [`${file} imports ${specifier}, which is outside the sources`];
  const to = floorOf(target);
  if (to < 0) return [`${file} imports ${specifier}, which is on no floor`];
  if (to < from || roomOf(target) === roomOf(file)) return [];
  return [`${file} (floor ${from}) imports ${specifier} (floor ${to}), which is not below it`];
}

/** Circles of files, each told once, from its first file in the order of names. */
function circles(imports: readonly Import[]): string[] {
  const targets = new Map<string, string[]>();
  for (const one of imports) {
    const target = targetOf(one);
    if (target !== undefined) targets.set(one.file, [...(targets.get(one.file) ?? []), target]);
  }
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string) => {
    const start = path.indexOf(file);
    if (start >= 0) {
      found.push(`${[...path.slice(start), file].join(' imports ')}: a circle`);
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const target of targets.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of [...targets.keys()].sort()) visit(file);
  return found;
}
