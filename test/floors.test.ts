import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { floorFaults } from './floors.ts';
import { importsOf } from './imports.ts';

const sources = fileURLToPath(new URL('../src/', import.meta.url));
const files = readdirSync(sources, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
  .sort();
const imports = files.flatMap((file) => importsOf(file, readFileSync(`${sources}${file}`, 'utf8')));

describe('the floors of the house', () => {
  it('are kept by every import: downward or within a folder, in no circle, and Node only in cli', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(imports.length).toBeGreaterThan(files.length);
    expect(floorFaults(imports)).toEqual([]);
  });

  it('lead every relative import to a file', () => {
    const missing = imports.filter(({ file, specifier }) => {
      if (specifier === undefined || !specifier.startsWith('.')) return false;
      return !files.includes(new URL(specifier, `file:///${file}`).pathname.slice(1));
    });
    expect(missing).toEqual([]);
  });
});

const made = (file: string, specifier: string | undefined) => ({ file, specifier });

describe('floorFaults', () => {
  it('lets a file import from below and from its own folder', () => {
    const sound = [
      made('simulate.ts', './step/cache.ts'),
      made('step/cache.ts', '../units.ts'),
      made('hardware/collectives/ring.ts', './group.ts'),
      made('units.ts', './errors.ts'),
      made('index.ts', './report/index.ts'),
      made('cli/main.ts', '../index.ts'),
      made('cli/main.ts', 'node:fs'),
      made('graph/computeGraph.ts', 'graphology'),
    ];
    expect(floorFaults(sound)).toEqual([]);
  });

  it.each([
    ['upward', 'graph/model.ts', '../job/job.ts', 'graph/model.ts (floor 2) imports ../job/job.ts (floor 5)'],
    ['sideways', 'memory/states.ts', '../pipeline/run.ts', 'memory/states.ts (floor 4) imports ../pipeline/run.ts'],
    ['upward from the ground', 'units.ts', './stack/stack.ts', 'units.ts (floor 0) imports ./stack/stack.ts (floor 1)'],
    ['of the library', 'report/table.ts', '../index.ts', 'report/table.ts (floor 10) imports ../index.ts (floor 11)'],
    ['of a room nobody planned', 'step/a.ts', '../attic/b.ts', 'step/a.ts imports ../attic/b.ts, which is on no floor'],
    ['from a room nobody planned', 'attic/b.ts', './c.ts', 'attic/b.ts is on no floor'],
    ['from outside', 'step/a.ts', '../../test/x.ts', 'step/a.ts imports ../../test/x.ts, which is outside'],
    ['of Node', 'report/table.ts', 'node:fs', 'report/table.ts imports node:fs, which only cli may'],
    ['of Node by its bare name', 'job/job.ts', 'fs/promises', 'job/job.ts imports fs/promises, which only cli may'],
    ['of anything computed', 'cli/main.ts', undefined, 'cli/main.ts imports what it computes'],
  ])('refuses an import %s, and names it', (_, file, specifier, fault) => {
    const faults = floorFaults([made(file, specifier)]);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });

  it('refuses circles inside a folder, and says who is in them', () => {
    const ring = [
      made('graph/a.ts', './b.ts'),
      made('graph/b.ts', './models/c.ts'),
      made('graph/models/c.ts', '../a.ts'),
      made('graph/d.ts', './d.ts'),
    ];
    expect(floorFaults(ring)).toEqual([
      'graph/a.ts imports graph/b.ts imports graph/models/c.ts imports graph/a.ts: a circle',
      'graph/d.ts imports graph/d.ts: a circle',
    ]);
  });
});

describe('importsOf', () => {
  it('finds imports of every kind', () => {
    const text = [
      "import { a } from './static.ts';",
      "import type { B } from './type.ts';",
      "import './effect.ts';",
      "import {\n  c,\n  d,\n} from './lines.ts';",
      "export * from './all.ts';",
      "export { type E, e } from './some.ts';",
      "const f = await import('./dynamic.ts');",
      "type G = import('./inline.ts').G;",
      'const h = require("fs");',
      'import i from "./double.ts";',
    ].join('\n');
    expect(importsOf('x.ts', text).map(({ specifier }) => specifier)).toEqual([
      './static.ts',
      './type.ts',
      './effect.ts',
      './lines.ts',
      './all.ts',
      './some.ts',
      './dynamic.ts',
      './inline.ts',
      'fs',
      './double.ts',
    ]);
  });

  it('is not misled by comments, strings, templates and expressions that look like imports', () => {
    const text = [
      "// import a from './comment.ts';",
      "/* from './block.ts' */",
      'const b = "import c from \'./string.ts\'";',
      `const d = \`from './template.ts' \${[1].map((x) => \`\${x} import('./nested.ts')\`)} from './rest.ts'\`;`,
      "const e = /['\"]/.test('from');",
      "const f = 'https://example.org'; // from './after.ts'",
      "const g = list.from('./method.ts');",
      'const h = 1 / 2; const i = 3 / 4;',
      "import j from './real.ts';",
    ].join('\n');
    expect(importsOf('x.ts', text).map(({ specifier }) => specifier)).toEqual(['./real.ts']);
  });

  it('tells a computed dynamic import', () => {
    expect(importsOf('x.ts', 'await import(name)')).toEqual([{ file: 'x.ts', specifier: undefined }]);
  });
});
