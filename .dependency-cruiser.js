/**
 * The rooms of lab/, and the imports between them: they go down only, and there is no circle. docs/architecture.md has the same table.
 * Tests may import anything, and only tests import tests.
 */

/** The rooms, and what each one may import from. `services` and `client` are the programs that run on the hosts. */
const rooms = {
  vocabulary: [],
  build: [],
  wire: ['vocabulary'],
  analysis: ['vocabulary'],
  picture: ['vocabulary', 'analysis'],
  lessons: ['vocabulary', 'analysis'],
  skew: ['vocabulary', 'analysis'],
  shards: ['vocabulary', 'analysis'],
  network: ['vocabulary', 'build', 'services'],
  faults: ['vocabulary', 'network', 'services'],
  clients: ['vocabulary', 'network', 'client'],
  run: ['vocabulary', 'network', 'wire', 'faults', 'analysis', 'clients', 'services', 'client'],
  report: ['vocabulary', 'build', 'analysis', 'picture', 'lessons', 'run'],
  workshop: ['vocabulary', 'analysis', 'picture', 'lessons'],
  api: ['vocabulary', 'network', 'faults', 'analysis', 'clients', 'run', 'services', 'client', 'scenarios'],
  cli: ['vocabulary', 'network', 'faults', 'analysis', 'picture', 'lessons', 'skew', 'shards', 'clients', 'run', 'report', 'workshop', 'services', 'client', 'scenarios'],
};

/** The folder of a room, or of a program. */
const folderOf = (name) => `^${name in rooms ? 'lab/' : ''}${name}/`;

const tests = '\\.(test|case|fixture)\\.ts$|^lab/testing/';

export default {
  forbidden: [
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    ...Object.entries(rooms).map(([room, below]) => ({
      name: `lab/${room}`,
      comment: `lab/${room} may import from: ${below.join(', ') || 'no other room'}.`,
      severity: 'error',
      from: { path: folderOf(room), pathNot: tests },
      to: { path: '^(lab|services|client|scenarios|bench|docs)/', pathNot: [room, ...below].map(folderOf) },
    })),
    // A file of lab/ belongs in one of its rooms. The one rule sees a loose file that is imported, the other one a loose file that imports.
    { name: 'lab-has-rooms-only', severity: 'error', from: {}, to: { path: '^lab/', pathNot: `^lab/(${Object.keys(rooms).join('|')}|testing)/` } },
    { name: 'lab-has-rooms-only', severity: 'error', from: { path: '^lab/', pathNot: `^lab/(${Object.keys(rooms).join('|')}|testing)/` }, to: {} },
    {
      name: 'services-and-client',
      comment: 'A program that runs on a host may import from lab/vocabulary alone.',
      severity: 'error',
      from: { path: '^(services|client)/', pathNot: tests },
      to: { path: '^(lab|scenarios)/', pathNot: '^lab/vocabulary/' },
    },
    {
      name: 'services-or-client',
      comment: 'A service may not import from the client, nor the client from a service.',
      severity: 'error',
      from: { path: '^(services|client)/', pathNot: tests },
      to: { path: '^(services|client)/', pathNot: '^$1/' },
    },
    {
      name: 'docker-is-loaded-late',
      comment: 'A run on namespaces has no dockerode installed, so what needs it is imported when it is used.',
      severity: 'error',
      from: { path: '^lab/', pathNot: ['^lab/network/drivers/docker', tests] },
      to: { path: '^lab/network/drivers/docker', dependencyTypesNot: ['dynamic-import', 'type-only'] },
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
