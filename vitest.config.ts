import { defineConfig } from 'vitest/config';

const shared = {
  // Processes, not threads: tests send signals and watch for what a process leaves behind.
  pool: 'forks',
  env: { NO_COLOR: '1' },
  // Generous, since a time limit is no measurement; nothing here takes more than some seconds.
  testTimeout: 20_000,
  hookTimeout: 20_000,
} as const;

const labs = ['scenarios/**/*.test.ts', 'lab/network/drivers/docker.test.ts', 'lab/faults/link-faults.test.ts', 'docs/**/*.test.ts'];

export default defineConfig({
  test: {
    // More than there are cores: most tests wait for a network.
    maxWorkers: 4,
    projects: [
      { test: { ...shared, name: 'parts', include: ['{lab,services,client}/**/*.test.ts'], exclude: labs, sequence: { groupOrder: 0 } } },
      // What measures the delays of a whole lab runs when the rest is done, some labs at a time.
      { test: { ...shared, name: 'labs', include: labs, fileParallelism: false, maxConcurrency: 4, sequence: { groupOrder: 1 } } },
    ],
  },
});
