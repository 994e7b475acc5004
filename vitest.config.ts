import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // Tests read the workspace's sources, never a stale build of it.
    alias: { 'graphology-metis': fileURLToPath(new URL('packages/graphology-metis/src/index.ts', import.meta.url)) },
  },
  test: { include: ['test/**/*.test.ts', 'packages/*/test/**/*.test.ts'] },
});
