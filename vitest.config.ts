import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // Tests read the workspace's sources, never a stale build of it.
    alias: { 'graphology-metis': fileURLToPath(new URL('packages/graphology-metis/src/index.ts', import.meta.url)) },
  },
  // By default one processor is left idle, which is half of a small machine.
  test: { include: ['test/**/*.test.ts', 'packages/*/test/**/*.test.ts'], maxWorkers: '100%' },
});
