import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['*.test.ts', '{lab,services,client,scenarios}/**/*.test.ts'],
    // Processes, not threads: tests send signals and watch for what a process leaves behind.
    pool: 'forks',
    // More than there are cores: most tests wait for a network.
    maxWorkers: 4,
    env: { NO_COLOR: '1' },
    // Generous, since a time limit is no measurement; nothing here takes more than some seconds.
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
