/** Runs of small stimuli with clients that are not ours, for the tests of the clients. */
import { check } from '../analysis/checks.ts';
import type { AddressedResult } from '../clients/stage-client.ts';
import { netns } from '../network/drivers/netns.ts';
import type { FinishedRun } from '../run/journal.ts';
import { runScenario, type RunOptions } from '../run/run-scenario.ts';
import { defineScenario, type Stage } from '../run/scenario.ts';

const words = { title: '', teaches: '', predict: '', explains: '', sources: [] };

/** Runs a stimulus with a client. Returns the finished run, and the result of the stimulus as `data`. */
export async function runWith<Data>(client: string, run: (stage: Stage) => Promise<Data>, more: Partial<RunOptions> = {}): Promise<FinishedRun & { data: Data | undefined }> {
  let data: Data | undefined;
  const scenario = defineScenario({ ...words, run: async (stage) => { data = await run(stage); }, checks: () => [check('it ran', true, '')], contract: () => [check('ours', false, 'not ours')] });
  const finished = await runScenario({ name: 'test', scenario, driver: netns, client, clientOptions: {}, seed: '1', signal: new AbortController().signal, ...more });
  return { ...finished, data };
}

/** A stimulus: two requests, one after the other. */
export const twice = async ({ client }: Stage): Promise<AddressedResult[]> => [await client.get(), await client.get()];

/**
 * Returns the command of a client in JavaScript. `script` runs for each request. It has `id`, `method`, `url` and `timeoutMs` of the request, writes
 * a line with `say`, and makes the request with `fetchIt`, which resolves with the result. `start` runs at the start of the process.
 */
export function speaker(script: string, start = 'say({ ready: true });'): string {
  const program = `const say = (message) => console.log(JSON.stringify(message));
const fetchIt = (url) => fetch(url).then(async (response) => ({ status: response.status, body: await response.text() }), (error) => ({ error: String(error) }));
require('readline').createInterface({ input: process.stdin }).on('line', async (line) => { const { id, method, url, timeoutMs } = JSON.parse(line); ${script} });
${start}`;
  return `${process.execPath} --eval "${program.replace(/["\\$`]/g, '\\$&')}"`;
}
