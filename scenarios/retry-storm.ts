import { check } from '../lab/analysis/checks.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';
import { defineScenario, type Result } from '../lab/run/scenario.ts';
import { backendNames } from '../lab/vocabulary/topology.ts';

/** Requests that the caller makes in each phase. */
const asked = 10;

interface Data {
  failing: number;
  silent: number;
  after: boolean;
}

export const retryStorm = defineScenario({
  title: 'every server fails: how many requests does one request of the caller become?',
  teaches: 'A retry that nobody asked for multiplies the load on servers that fail because of their load. The factor can be counted at the servers.',
  predict: `Every server answers 503 with Retry-After, then every one ends the connection without an answer. The caller makes ${asked} requests each time. How many reach the servers?`,
  explains:
    'Retries hide single failures and make a general one worse: with three tries for each request at one layer, and three at the layer above, a failing server ' +
    'gets nine times the load that brought it down, at the moment when it can bear least. So the layer that retries must be known, and there should be one. Node’s two ' +
    'clients are not it: a 503 is an answer like any other to them (Retry-After is for the caller to read), and a connection that ends without an answer is an error ' +
    'for the caller, for a GET too. Run this with your own client (--client) and read the factor.',
  sources: ['RFC 9110 section 15.6.4 (503) and 10.2.3 (Retry-After)', 'RFC 9110 section 9.2.2 (idempotent methods may be repeated)', 'RFC 9112 section 9.3.1 (retrying requests)'],
  reproduces: ['S17'],
  run: async ({ client, apply, note }): Promise<Data> => {
    const make = async (): Promise<number> => {
      let answered = 0;
      for (let request = 0; request < asked; request++) if ((await client.get()).ok) answered++;
      return answered;
    };
    const failing = await Promise.all(backendNames.map((backend) => apply('error-status', backend, { status: 503, retryAfterS: 2 })));
    const answeredFailing = await make();
    await Promise.all(failing.map((fault) => fault.heal()));
    const silent = await Promise.all(backendNames.map((backend) => apply('empty-reply', backend)));
    note('every server ends the connection without an answer');
    const answeredSilent = await make();
    await Promise.all(silent.map((fault) => fault.heal()));
    return { failing: answeredFailing, silent: answeredSilent, after: (await client.get()).ok };
  },
  checks: (result) => {
    const [failing, silent] = [reachedIn(result, 0), reachedIn(result, 1)];
    const statuses = result.events.filter((event) => event.event === 'backend:response' && isOwn(event, result) && event.tMs < silent.fromMs).map((event) => (event.event === 'backend:response' ? event.status : 0));
    const cut = result.events.filter((event) => event.event === 'backend:broke-off' && isOwn(event, result)).length;
    return [
      check('every request that reached a server got a 503', statuses.length === failing.requests && statuses.every((status) => status === 503), `${failing.requests} requests, ${statuses.length} answers`),
      check('every one after that got no answer', cut === silent.requests && result.data.silent === 0, `${silent.requests} requests, ${cut} cut off`),
      check('each request of the caller reached a server at least once', failing.requests >= asked && silent.requests >= asked, `factor ${failing.requests / asked} and ${silent.requests / asked}`),
      check('healed, a request was answered', result.data.after, result.data.after ? 'answered' : 'failed'),
    ];
  },
  contract: (result) => {
    const factors = [0, 1].map((phase) => reachedIn(result, phase).requests / asked);
    return [
      check('none was sent a second time', factors.every((factor) => factor === 1), `factor ${factors.join(' and ')}`),
      check('a 503 was an answer to the caller', result.data.failing === asked, `${result.data.failing} of ${asked}`),
    ];
  },
});

function isOwn(event: TimelineEvent, { topology }: Result<Data>): boolean {
  return 'from' in event && (event.from === topology.hosts.client.ipv4 || event.from === topology.hosts.client.ipv6);
}

/** The client's requests that reached a server from the first fault of a phase until it was healed. */
function reachedIn(result: Result<Data>, phase: number): { fromMs: number; requests: number } {
  const times = (name: 'fault:apply' | 'fault:heal'): number[] => result.events.filter(({ event }) => event === name).map(({ tMs }) => tMs);
  const [fromMs, toMs] = [times('fault:apply')[phase * backendNames.length] ?? Infinity, times('fault:heal')[phase * backendNames.length] ?? Infinity];
  return { fromMs, requests: result.events.filter((event) => event.event === 'backend:request' && isOwn(event, result) && event.tMs >= fromMs && event.tMs < toMs).length };
}
