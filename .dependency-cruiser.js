/**
 * The rooms of lab/, and who may import from whom: arrows go down only, and there is no circle. docs/architecture.md has the same table.
 * Tests may import anything, and nothing but tests imports tests.
 */

/** The rooms, and the rooms that each one may import from. */
const rooms = {
  vocabulary: [],
  wire: ['vocabulary'],
  analysis: ['vocabulary'],
  network: ['vocabulary'],
  faults: ['vocabulary', 'network'],
  clients: ['vocabulary', 'network'],
  run: ['vocabulary', 'network', 'wire', 'faults', 'analysis', 'clients'],
  report: ['vocabulary', 'analysis', 'run'],
  cli: ['vocabulary', 'network', 'wire', 'faults', 'analysis', 'clients', 'run', 'report'],
};

const tests = '\\.(test|case|fixture)\\.ts$|^lab/testing/';

export default {
  forbidden: [
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    ...Object.entries(rooms).map(([room, below]) => ({
      name: `lab/${room}`,
      comment: `lab/${room} may import from: ${below.join(', ') || 'no other room'}.`,
      severity: 'error',
      from: { path: `^lab/${room}/`, pathNot: tests },
      to: { path: '^lab/', pathNot: [room, ...below].map((each) => `^lab/${each}/`) },
    })),
    {
      name: 'lab-has-rooms-only',
      comment: 'A file of lab/ belongs in one of its rooms.',
      severity: 'error',
      from: {},
      to: { path: '^lab/', pathNot: `^lab/(${Object.keys(rooms).join('|')}|testing)/` },
    },
    {
      name: 'services-and-client',
      comment: 'What runs on a host takes from lab/vocabulary alone.',
      severity: 'error',
      from: { path: '^(services|client)/', pathNot: tests },
      to: { path: '^(lab|scenarios)/', pathNot: '^lab/vocabulary/' },
    },
    {
      name: 'services-or-client',
      comment: 'services and client know nothing of each other.',
      severity: 'error',
      from: { path: '^(services|client)/', pathNot: tests },
      to: { path: '^(services|client)/', pathNot: '^$1/' },
    },
    {
      name: 'scenarios-are-known-to-the-command-line-alone',
      severity: 'error',
      from: { path: '^(lab|services|client)/', pathNot: [tests, '^lab/cli/'] },
      to: { path: '^scenarios/' },
    },
    { name: 'tests-stay-among-tests', severity: 'error', from: { pathNot: [tests, '\\.test\\.ts$'] }, to: { path: tests } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
