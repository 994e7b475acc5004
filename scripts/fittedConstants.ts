import { readdirSync, readFileSync } from 'node:fs';
import { accelerators } from '../src/hardware/catalogue.ts';
import { efficiencyOf } from '../src/hardware/efficiency.ts';
import { stacks } from '../src/stack/index.ts';

/** A number that was chosen to agree with measured steps, and what it was chosen by. */
export interface FittedConstant {
  readonly name: string;
  readonly value: string;
  readonly source: string;
}

/** A plain object with sources, and who it belongs to. */
interface Sourced {
  readonly owner: string;
  readonly figures: Readonly<Record<string, unknown>>;
  readonly sources: Readonly<Record<string, string>>;
}

/** Sources that stand for several fields of a stack. */
const groups: Readonly<Record<string, readonly string[]>> = {
  host: ['hostSecondsPerLayer', 'hostTensorFactorPerRank', 'hostSecondsPerStep'],
  memory: ['contextBytes', 'communicatorBytes', 'fragmentation', 'workspaceBytes'],
};

function sourced(): readonly Sourced[] {
  const generations = new Map(
    accelerators.map((accelerator) => [accelerator.generation, efficiencyOf(accelerator)] as const),
  );
  return [
    ...[...generations].map(([owner, efficiency]) => ({
      owner,
      figures: { ...efficiency },
      sources: efficiency.sources,
    })),
    ...stacks.map((stack) => ({ owner: stack.name, figures: { ...stack }, sources: stack.sources })),
  ];
}

/** The numbers of a field: itself, or those inside it; zeros switch something off and are no choice. */
function numbersOf(name: string, value: unknown): readonly (readonly [string, number])[] {
  if (typeof value === 'number') return value === 0 ? [] : [[name, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([inner, part]) => numbersOf(`${name}.${inner}`, part));
}

/** Chosen freely, or within what was measured. */
const isFitted = (source: string) => /\bfitted\b/.test(source);

/** Equal numbers from one source are one constant, however many copies of it there are. */
function distinct(found: readonly (FittedConstant & { readonly owner: string })[]): readonly FittedConstant[] {
  const owners = new Map<string, { constant: FittedConstant; owners: string[] }>();
  for (const { owner, name, value, source } of found) {
    const key = `${name} ${value} ${source}`;
    const known = owners.get(key);
    if (known === undefined) owners.set(key, { constant: { name, value, source }, owners: [owner] });
    else known.owners.push(owner);
  }
  return [...owners.values()].map(({ constant, owners: [first, ...others] }) => ({
    ...constant,
    name: `${constant.name} of ${first}${others.length === 0 ? '' : ` and ${others.length} more`}`,
  }));
}

/** Fitted figures of processor generations and stacks, by what their `sources` say. */
function fittedFigures(): readonly FittedConstant[] {
  return distinct(
    sourced().flatMap(({ owner, figures, sources }) =>
      Object.entries(sources)
        .filter(([, source]) => isFitted(source))
        .flatMap(([key, source]) =>
          (key in figures ? [key] : groupOf(key, owner)).flatMap((field) =>
            // A field of a group may have a source of its own.
            field !== key && field in sources
              ? []
              : numbersOf(field, figures[field]).map(([name, value]) => ({ owner, name, value: `${value}`, source })),
          ),
        ),
    ),
  );
}

function groupOf(key: string, owner: string): readonly string[] {
  const fields = groups[key];
  if (fields === undefined) throw new Error(`${owner}: which fields does the source "${key}" stand for?`);
  return fields;
}

/** Choices of a job or of an interface, not figures. */
const notFigures = new Set(['sources', 'defaults', 'offloads', 'vocabularyMultiple']);

/** Figures of processor generations and stacks that no source speaks of. */
export function unsourcedFigures(): readonly FittedConstant[] {
  return distinct(
    sourced().flatMap(({ owner, figures, sources }) =>
      Object.entries(figures)
        .filter(([field]) => !notFigures.has(field))
        .filter(([field]) => !(field in sources) && !coveringKeys(field).some((key) => key in sources))
        .flatMap(([field, value]) => numbersOf(field, value))
        .map(([name, value]) => ({ owner, name, value: `${value}`, source: '' })),
    ),
  );
}

function coveringKeys(field: string): readonly string[] {
  return Object.keys(groups).filter((key) => groups[key].includes(field));
}

/** A constant whose docstring says that it was fitted, and an entry of a table whose `source` does. */
const constantPattern =
  /\/\*\*((?:(?!\*\/)[\s\S])*\bfitted\b(?:(?!\*\/)[\s\S])*)\*\/\s*(?:export )?const (\w+)(?:: [^=]+)? = ([^;\s]+);/gi;
const entryPattern = /'?([\w-]+)'?: \{\s*(\w+): ([\d.e-]+)[^{}]*?source:\s*'(fitted[^']*)'/g;

/** Fitted constants that stand by themselves in the source text, where no walk over data meets them. */
function fittedInText(): readonly FittedConstant[] {
  const root = new URL('../src/', import.meta.url);
  return ['hardware', 'memory', 'pipeline', 'step']
    .flatMap((folder) =>
      readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
    )
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .flatMap((file) => fittedInFile(`src/${file}`, readFileSync(new URL(file, root), 'utf8')));
}

/** Those of one file. */
export function fittedInFile(file: string, text: string): readonly FittedConstant[] {
  const constants = [...text.matchAll(constantPattern)].map(([, comment, name, value]) => ({
    name: `${name} in ${file}`,
    value,
    source: comment.replace(/\s*\n\s*\*\s*/g, ' ').trim(),
  }));
  const entries = [...text.matchAll(entryPattern)].map(([, entry, field, value, source]) => ({
    name: `${field} of ${entry} in ${file}`,
    value,
    source,
  }));
  return [...constants, ...entries];
}

/** Every number that was fitted to steps of published runs. */
export function fittedConstants(): readonly FittedConstant[] {
  return [...fittedFigures(), ...fittedInText()];
}
