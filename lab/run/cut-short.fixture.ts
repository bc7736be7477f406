/** Runs a scenario that waits for ten minutes, with a limit of half a second. A test checks that this process ends. */
import { netns } from '../network/drivers/netns.ts';
import { runScenario } from './run-scenario.ts';

const { journal } = await runScenario({
  name: 'cut-short',
  scenario: {
    title: '', teaches: '', predict: '', explains: '', sources: [],
    limitMs: 500,
    run: ({ wait }) => wait(600_000),
    checks: () => [],
  },
  driver: netns,
  client: 'node-fetch',
  clientOptions: {},
  seed: '1',
  signal: new AbortController().signal,
});
process.exitCode = journal.status === 'failed' ? 0 : 1;
