import { fileURLToPath } from 'node:url';

/** Every benchmark: a file of this folder that exports `run`. */
interface Benchmark {
  /** Measures and prints; `short` is for a quick look. */
  run(short: boolean): unknown;
}

const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  engine: () => import('./engine.ts'),
  partition: () => import('./partition.ts'),
  plan: () => import('./plan.ts'),
  'command-line': () => import('./commandLine.ts'),
  simulate: () => import('./simulate.ts'),
};

/** Runs the named benchmarks one after another; all of them where none is named. */
export async function run(names: readonly string[], short: boolean): Promise<void> {
  for (const name of names.length > 0 ? names : Object.keys(benchmarks)) {
    const load = benchmarks[name];
    if (load === undefined) throw new Error(`no benchmark ${name}; there are ${Object.keys(benchmarks).join(', ')}`);
    await (await load()).run(short);
    console.log();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  await run(names, process.argv.includes('--short'));
}
