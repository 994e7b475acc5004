import { fileURLToPath } from 'node:url';

/** Every benchmark: a file of this folder that exports `run`. */
interface Benchmark {
  /** Measures and prints; `short` is for a quick look. */
  run(short: boolean): void | Promise<void>;
}

const benchmarks: readonly (() => Promise<Benchmark>)[] = [
  () => import('./engine.ts'),
  () => import('./partition.ts'),
  () => import('./simulate.ts'),
];

/** Runs all benchmarks one after another. */
export async function run(short: boolean): Promise<void> {
  for (const load of benchmarks) {
    const benchmark = await load();
    await benchmark.run(short);
    console.log();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run(process.argv.includes('--short'));
