// Builds dist/ after an install. A consumer that installs without dev dependencies has no compiler, and needs none.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const compiler = new URL('../node_modules/typescript/bin/tsc', import.meta.url);
if (existsSync(compiler)) {
  const { status } = spawnSync(process.execPath, [compiler.pathname, '-b'], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
