import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // Tests read the workspace's sources, never a stale build of it.
    alias: { 'graphology-metis': fileURLToPath(new URL('packages/graphology-metis/src/index.ts', import.meta.url)) },
  },
  test: {
    include: ['test/**/*.test.ts', 'packages/*/test/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    // By default one processor is left idle, which is half of a small machine.
    maxWorkers: '100%',
    // Against what never ends: how fast a machine is decides nothing here.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
