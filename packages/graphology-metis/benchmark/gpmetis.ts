import { execFileSync, spawnSync } from 'node:child_process';

/** What one run of gpmetis said. */
export interface GpmetisRun {
  readonly cut: number;
  readonly milliseconds: number;
}

/** Whether the program `gpmetis` (Debian package `metis`) can be run. */
export function hasGpmetis(): boolean {
  return spawnSync('gpmetis', ['-help'], { stdio: 'ignore' }).error === undefined;
}

/** Partitions a .graph file with gpmetis at its 3% imbalance; the time is its own "METIS time", processor seconds. */
export function runGpmetis(file: string, k: number, seed: number): GpmetisRun {
  const text = execFileSync('gpmetis', ['-nooutput', `-seed=${seed}`, file, String(k)], { encoding: 'utf8' });
  const cut = /Edgecut: (\d+)/.exec(text);
  const seconds = /Partitioning:\s+([\d.]+) sec/.exec(text);
  if (cut === null || seconds === null) throw new Error(`gpmetis printed no result for ${file} ${k}.`);
  return { cut: Number(cut[1]), milliseconds: 1000 * Number(seconds[1]) };
}
