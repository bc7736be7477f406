import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const shared = {
  // Test files run in processes instead of threads, because tests send signals and check what a process leaves behind.
  pool: 'forks',
  env: { NO_COLOR: '1' },
  // The limits are generous: a normal test takes a few seconds at most, and a time limit is not a measurement.
  testTimeout: 60_000,
  hookTimeout: 60_000,
} as const;

const labs = ['scenarios/**/*.test.ts', 'lab/network/drivers/docker.test.ts', 'lab/skew/simulation/against-lab.test.ts', 'docs/**/*.test.ts'];
// The files of these rooms leave nothing behind in their process, so one process runs many of them. To load vitest and the sources again for each file
// takes 0.3 s of CPU time.
const together = ['lab/{vocabulary,analysis,wire,picture,skew,shards,report,faults}/**/*.test.ts'];
// `make test` leaves these files out. The option --exclude of vitest would not reach a project that has an `exclude` of its own.
const leftOut = (process.env['LEAVE_OUT'] ?? '').split(' ').filter(Boolean);

// The files that take longest begin first, so that no worker is left with one of them at the end: those that mostly wait beside those that burn CPU.
const longestFirst = [
  'lab/network/drivers/docker.test.ts', 'lab/faults/link-faults.test.ts', 'client/external/variants.test.ts', 'client/external/profiles.test.ts', 'lab/faults/self-verification.test.ts', 'lab/cli/workshop.test.ts',
  'lab/build/build.test.ts', 'lab/faults/dns-faults.test.ts', 'lab/picture/page.test.ts', 'lab/cli/up.test.ts', 'lab/run/resolvers.test.ts', 'lab/faults/established-faults.test.ts', 'lab/cli/shards.test.ts', 'lab/skew/mechanism/mechanism.test.ts',
  'lab/run/backends.test.ts', 'lab/faults/combined.test.ts', 'lab/cli/side-by-side.test.ts', 'lab/cli/main.test.ts', 'lab/faults/process-faults.test.ts', 'lab/clients/raw-output.test.ts', 'lab/api/start-lab.test.ts',
  'lab/faults/tls-faults.test.ts', 'lab/clients/ready.test.ts', 'lab/cli/cut-short.test.ts', 'lab/faults/connect-faults.test.ts', 'lab/report/site/site.test.ts', 'lab/faults/dns-host.test.ts', 'lab/faults/http-faults.test.ts', 'lab/skew/simulation/rows.test.ts',
  'lab/faults/dns-answers.test.ts', 'lab/faults/link-together.test.ts', 'lab/faults/h2-faults.test.ts', 'lab/faults/restored.test.ts',
  'scenarios/any-client.test.ts', 'scenarios/index.test.ts', 'scenarios/other-transports.test.ts', 'docs/containers.test.ts', 'scenarios/matrix/many-requests.test.ts', 'docs/skew.test.ts',
];

class Sequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = longestFirst.findIndex((file) => moduleId.endsWith(`/${file}`));
      return at === -1 ? longestFirst.length : at;
    };
    const order = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;
    return (await super.sort(files)).sort((a, b) => order(a) - order(b) || rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    // This may be more than the number of cores, because most tests wait for a network.
    maxWorkers: 6,
    sequence: { sequencer: Sequencer },
    reporters: ['default', './lab/testing/red-tests.ts'],
    projects: [
      { test: { ...shared, name: 'parts', include: ['{lab,services,client}/**/*.test.ts'], exclude: [...labs, ...together, ...leftOut], sequence: { groupOrder: 0 } } },
      { test: { ...shared, name: 'together', include: together, exclude: [...labs, ...leftOut], isolate: false, sequence: { groupOrder: 0 } } },
      // Tests that measure the delays of a whole lab run after all others, a few labs at a time: two files, and in each of them eight labs.
      { test: { ...shared, name: 'labs', include: labs, exclude: leftOut, maxWorkers: 2, maxConcurrency: 8, sequence: { groupOrder: 1 } } },
    ],
  },
});
