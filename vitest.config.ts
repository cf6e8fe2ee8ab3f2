import { defineConfig } from 'vitest/config';

// The Lodestar preset is a fact of the whole process, so it is set before any test imports anything.
export default defineConfig({
  test: {
    include: ['{packages,apps}/*/test/**/*.test.ts', '{contracts,scenarios,benchmarks,scripts}/test/**/*.test.ts'],
    env: { LODESTAR_PRESET: 'minimal' },
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
