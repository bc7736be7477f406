/** The application faults in a real lab, judged by curl on the client's host: before, while in force, and after healing, in each family. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { describeWith } from '../testing/testing.ts';
import { describeUnhealed } from '../testing/unhealed.ts';
import { Timeline } from '../run/timeline.ts';
import { addressOf, createTopology, httpPort, type BackendName, type Family } from '../vocabulary/topology.ts';
import { httpFaults } from './http-faults.ts';

const { backends: backendNames } = createTopology();

/**
 * Sends two GETs. The second uses the connection of the first if it is still open. Returns for each GET the status, Retry-After and the
 * number of new connections, and then curl's own exit status (curl(1), EXIT CODES).
 */
async function curlTwice(lab: Lab, backend: BackendName, family: Family): Promise<string> {
  const address = addressOf(lab.topology, backend, family);
  const url = `http://${family === 6 ? `[${address}]` : address}:${httpPort}/`;
  const argv = ['curl', '--silent', '--max-time', '2', '--output', '/dev/null', '--output', '/dev/null', '--write-out', '%{http_code}%header{retry-after}/%{num_connects} ', url, url];
  const { exitCode, stdout } = await lab.host('client').run(argv);
  return `${stdout}exit ${exitCode}`;
}

const healthy = '200/1 200/0 exit 0';
const delayMs = 300;

interface Case {
  fault: keyof typeof httpFaults;
  options?: Record<string, string | number>;
  curl: string;
  /** The shortest possible time of both requests together, in milliseconds. */
  tookMs?: number;
}

const cases: Case[] = [
  { fault: 'slow-response', options: { delayMs }, curl: healthy, tookMs: 2 * (delayMs - 1) },
  { fault: 'error-status', curl: '503/1 503/0 exit 0' },
  { fault: 'error-status', options: { status: 429, retryAfterS: 3 }, curl: '4293/1 4293/0 exit 0' },
  { fault: 'fail-first', options: { requests: 1 }, curl: '503/1 200/0 exit 0' },
  { fault: 'empty-reply', curl: '000/1 000/1 exit 52' },
  { fault: 'empty-reply', options: { ending: 'rst' }, curl: '000/1 000/1 exit 56' },
  // curl itself retries a GET when its reused connection ends like this. It opens a second new connection and gets an answer.
  { fault: 'close-on-request', curl: '200/1 200/1 exit 0' },
  { fault: 'close-on-request', options: { ending: 'rst' }, curl: '200/1 200/1 exit 0' },
  { fault: 'malformed-reply', curl: '000/1 000/1 exit 1' },
  { fault: 'malformed-reply', options: { part: 'chunk' }, curl: '200/1 200/1 exit 56' },
  { fault: 'truncated-body', curl: '200/1 200/1 exit 18' },
  { fault: 'truncated-body', options: { ending: 'rst' }, curl: '200/1 200/1 exit 56' },
  { fault: 'stalled-body', curl: '200/1 200/1 exit 28' },
  { fault: 'dribbled-body', options: { dribbleMs: delayMs }, curl: healthy, tookMs: 2 * (delayMs - 7) },
];

test('every fault of the table has a case', () => {
  expect(new Set(cases.map(({ fault }) => fault))).toEqual(new Set(Object.keys(httpFaults)));
});

describeWith(['netns', 'curl'], 'application faults', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  const look = (backend: BackendName): Promise<string[]> => Promise.all(([4, 6] as const).map((family) => curlTwice(lab, backend, family)));

  describe.for(backendNames.map((backend, index) => ({ backend, mine: cases.filter((_, at) => at % backendNames.length === index) })))('on $backend', { concurrent: true }, ({ backend, mine }) => {
    test('each fault has its effect on curl while in force, and none before and after', { timeout: 60_000 }, async () => {
      for (const { fault, options = {}, curl, tookMs } of mine) {
        const title = `${fault} ${JSON.stringify(options)}`;
        expect(await look(backend), `before ${title}`).toEqual([healthy, healthy]);
        const applied = await lab.apply(fault, backend, options);
        const start = performance.now();
        expect(await look(backend), title).toEqual([curl, curl]);
        if (tookMs !== undefined) expect(performance.now() - start, title).toBeGreaterThan(tookMs);
        await applied.heal();
        expect(await look(backend), `after ${title}`).toEqual([healthy, healthy]);
      }
      expect(lab.doubts.filter((doubt) => doubt.includes(backend))).toEqual([]);
    });
  });

  test('a share of the requests: the same seed repeats the same draws, even if the observer sends requests too', async () => {
    const statuses = async (othersLook: boolean): Promise<string> => {
      const applied = await lab.apply('error-status', 'backend-1', { percent: 40 });
      if (othersLook) await lab.probe.exchange('backend-1', 4, 3);
      const url = `http://${addressOf(lab.topology, 'backend-1', 4)}:${httpPort}/`;
      const { stdout } = await lab.host('client').run(['curl', '--silent', '--output', '/dev/null', '--write-out', '%{http_code} ', `${url}?[1-50]`]);
      await applied.heal();
      return stdout;
    };
    const first = await statuses(false);
    expect(new Set(first.trim().split(' '))).toEqual(new Set(['200', '503']));
    expect(await statuses(true)).toBe(first);
    expect(lab.doubts).toEqual([]);
  });

  test('two faults on one host: both effects show, and each fault heals by itself', async () => {
    const slow = await lab.apply('slow-response', 'backend-2', { delayMs: 150 });
    const failing = await lab.apply('error-status', 'backend-2', { status: 500 });
    const start = performance.now();
    expect(await curlTwice(lab, 'backend-2', 4)).toBe('500/1 500/0 exit 0');
    expect(performance.now() - start).toBeGreaterThan(2 * 149);
    await slow.heal();
    expect(await curlTwice(lab, 'backend-2', 4)).toBe('500/1 500/0 exit 0');
    await failing.heal();
    expect(await curlTwice(lab, 'backend-2', 6)).toBe(healthy);
    expect(lab.doubts).toEqual([]);
  });
});

describeUnhealed('an application fault that does not heal', Object.keys(httpFaults));
