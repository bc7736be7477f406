import { check } from '../lab/analysis/checks.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';
import { defineScenario, type Result } from '../lab/run/scenario.ts';

/** How many requests the caller makes in each phase. */
const asked = 10;

export interface Data {
  failing: number;
  silent: number;
  after: boolean;
}

export const retryStorm = defineScenario({
  title: 'every backend fails: how many requests does one request of the caller become?',
  teaches:
    'A retry that the caller did not ask for multiplies the load on servers that fail ' +
    'because of their load. The factor can be counted at the servers.',
  predict:
    `Every backend answers 503 with Retry-After. Then every backend ends the connection without an answer. The caller makes ${asked} requests ` +
    'each time. How many reach the backends?',
  explains:
    'Retries hide single failures and make a general failure worse. With three tries for each request at one layer, and three at the layer above ' +
    'it, a failing server gets nine times the load that brought it down, at the moment when it can take the least. So you must know which layer ' +
    'retries, and only one layer should. Node’s two clients do not retry. For them a 503 is an answer like any other (Retry-After is for the ' +
    'caller to read), and a connection that ends without an answer is an error for the caller, for a GET too. Run this scenario with your own ' +
    'client (--client) and read the factor.',
  sources: ['RFC 9110 section 15.6.4 (503) and 10.2.3 (Retry-After)', 'RFC 9110 section 9.2.2 (idempotent methods may be repeated)', 'RFC 9112 section 9.3.1 (retrying requests)'],
  reproduces: ['S17'],
  run: async ({ topology, client, apply, note }): Promise<Data> => {
    const make = async (): Promise<number> => {
      let answered = 0;
      for (let request = 0; request < asked; request++) if ((await client.get()).ok) answered++;
      return answered;
    };
    const failing = await Promise.all(topology.backends.map((backend) => apply('error-status', backend, { status: 503, retryAfterS: 2 })));
    const answeredFailing = await make();
    await Promise.all(failing.map((fault) => fault.heal()));
    const silent = await Promise.all(topology.backends.map((backend) => apply('empty-reply', backend)));
    note('every backend ends the connection without an answer');
    const answeredSilent = await make();
    await Promise.all(silent.map((fault) => fault.heal()));
    return { failing: answeredFailing, silent: answeredSilent, after: (await client.get()).ok };
  },
  checks: (result) => {
    const [failing, silent] = [reachedIn(result, 0), reachedIn(result, 1)];
    const refused = result.events.filter((event) => event.event === 'backend:response' && event.status === 503 && isOwn(event, result) && event.tMs < silent.fromMs).length;
    const cut = result.events.filter((event) => event.event === 'backend:broke-off' && isOwn(event, result)).length;
    return [
      check('first, every request that reached a backend got a 503', refused === failing.requests, `${failing.requests} requests, ${refused} × 503`),
      check('after that, every request was cut off without an answer', cut === silent.requests && result.data.silent === 0, `${silent.requests} requests, ${cut} cut off`),
      check('the backends got at least one request for each request of the caller', failing.requests >= asked && silent.requests >= asked, `factor ${failing.requests / asked} and ${silent.requests / asked}`),
      check('after the heal a request was answered', result.data.after, result.data.after ? 'answered' : 'failed'),
    ];
  },
  contract: (result) => {
    const factors = [0, 1].map((phase) => reachedIn(result, phase).requests / asked);
    return [
      check('no request was sent a second time', factors.every((factor) => factor === 1), `factor ${factors.join(' and ')}`),
      check('the caller got each 503 as an answer, without an error', result.data.failing === asked, `${result.data.failing} of ${asked}`),
    ];
  },
});

function isOwn(event: TimelineEvent, { topology }: Result<Data>): boolean {
  return 'from' in event && (event.from === topology.hosts.client.ipv4 || event.from === topology.hosts.client.ipv6);
}

/** The client's requests for `/` that reached a backend between the first fault of a phase and its heal, and when that fault was applied. */
function reachedIn(result: Result<Data>, phase: number): { fromMs: number; requests: number } {
  const times = (name: 'fault:apply' | 'fault:heal'): number[] => result.events.filter(({ event }) => event === name).map(({ tMs }) => tMs);
  const first = phase * result.topology.backends.length;
  const [fromMs, toMs] = [times('fault:apply')[first] ?? Infinity, times('fault:heal')[first] ?? Infinity];
  return { fromMs, requests: result.events.filter((event) => event.event === 'backend:request' && event.path === '/' && isOwn(event, result) && event.tMs >= fromMs && event.tMs < toMs).length };
}
