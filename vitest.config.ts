import { defineConfig } from 'vitest/config';

const shared = {
  // Test files run in processes instead of threads, because tests send signals and check what a process leaves behind.
  pool: 'forks',
  env: { NO_COLOR: '1' },
  // The limits are generous: a normal test takes a few seconds at most, and a time limit is not a measurement.
  testTimeout: 60_000,
  hookTimeout: 60_000,
} as const;

const labs = ['scenarios/**/*.test.ts', 'lab/faults/link-faults.test.ts', 'lab/skew/simulation/against-lab.test.ts', 'docs/**/*.test.ts'];
// The files of these rooms leave nothing behind in their process, so one process runs many of them. To load vitest and the sources again for each file
// takes 0.3 s of CPU time.
const together = ['lab/{vocabulary,analysis,wire,picture,skew,report,faults}/**/*.test.ts'];
// `make test` leaves these files out. The option --exclude of vitest would not reach a project that has an `exclude` of its own.
const leftOut = (process.env['LEAVE_OUT'] ?? '').split(' ').filter(Boolean);

export default defineConfig({
  test: {
    // This may be more than the number of cores, because most tests wait for a network.
    maxWorkers: 4,
    projects: [
      { test: { ...shared, name: 'parts', include: ['{lab,services,client}/**/*.test.ts'], exclude: [...labs, ...together, ...leftOut], sequence: { groupOrder: 0 } } },
      { test: { ...shared, name: 'together', include: together, exclude: [...labs, ...leftOut], isolate: false, sequence: { groupOrder: 0 } } },
      // Tests that measure the delays of a whole lab run after all others, a few labs at a time: two files, and in each of them four labs.
      { test: { ...shared, name: 'labs', include: labs, exclude: leftOut, maxWorkers: 2, maxConcurrency: 4, sequence: { groupOrder: 1 } } },
    ],
  },
});
