/** The faults of HTTP/2 in a real lab, judged by curl and nghttp on the client's host: before, while in force, and after healing, in each family. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { describeWith } from '../testing/testing.ts';
import { describeUnhealed } from '../testing/unhealed.ts';
import { Timeline } from '../run/timeline.ts';
import { addressOf, portOf, urlOf, type BackendName, type Family } from '../vocabulary/topology.ts';
import { h2Faults } from './h2-faults.ts';

/**
 * Makes two GETs. The second one uses the connection of the first if it is still open. Returns for each of them the status, the version of HTTP and the
 * number of new connections, and then curl's own exit status. `--insecure`: the certificate is not what this test is about.
 */
async function curlTwice(lab: Lab, backend: BackendName, family: Family): Promise<string> {
  const url = urlOf(lab.topology, addressOf(lab.topology, backend, family));
  const each = ['--output', '/dev/null', '--write-out', '%{http_code}/%{http_version}/%{num_connects} ', '--max-time', '2', '--silent', '--insecure', '--http2'];
  const { exitCode, stdout } = await lab.host('client').run(['curl', ...each, `${url}?1`, '--next', ...each, `${url}?2`]);
  return `${stdout}exit ${exitCode}`;
}

const healthy = '200/2/1 200/2/0 exit 0';

interface Case {
  fault: keyof typeof h2Faults;
  options?: Record<string, string | number>;
  curl: string;
}

const cases: Case[] = [
  { fault: 'h2-goaway', curl: healthy },
  { fault: 'h2-goaway', options: { how: 'unprocessed' }, curl: '200/2/1 000/0/0 exit 16' },
  { fault: 'h2-goaway', options: { how: 'processed' }, curl: '200/2/1 000/0/0 exit 18' },
  { fault: 'h2-goaway', options: { how: 'error' }, curl: '200/2/1 000/0/0 exit 18' },
  // curl asks again on a new connection, five times.
  { fault: 'h2-refused-stream', curl: '000/0/6 000/0/6 exit 56' },
  { fault: 'h2-refused-stream', options: { streams: 'once' }, curl: '200/2/2 200/2/1 exit 0' },
  { fault: 'h2-reset-stream', curl: '000/0/1 000/0/0 exit 92' },
  // curl obeys, and speaks HTTP/1.1 from then on.
  { fault: 'h2-reset-stream', options: { error: 'HTTP_1_1_REQUIRED' }, curl: '200/1.1/2 200/1.1/0 exit 0' },
  { fault: 'h2-cut-body', curl: '200/2/1 200/2/0 exit 92' },
  { fault: 'h2-garbage', curl: '000/0/1 000/0/1 exit 52' },
  { fault: 'h2-no-ping', curl: healthy },
  { fault: 'h2-no-settings', curl: healthy },
  { fault: 'h2-no-window', curl: healthy },
  { fault: 'h2-max-streams', curl: healthy },
];

test('every fault of the table has a case', () => {
  expect(new Set(cases.map(({ fault }) => fault))).toEqual(new Set(Object.keys(h2Faults)));
});

describeWith(['netns', 'curl', 'nghttp'], 'faults of HTTP/2', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1', topology: { https: true } });
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  const look = (): Promise<string[]> => Promise.all(([4, 6] as const).map((family) => curlTwice(lab, 'backend-1', family)));

  test('each fault has its effect on curl while in force, and none before and after', { timeout: 60_000 }, async () => {
    expect(await look()).toEqual([healthy, healthy]);
    for (const { fault, options = {}, curl } of cases) {
      const title = `${fault} ${JSON.stringify(options)}`;
      const applied = await lab.apply(fault, 'backend-1', options);
      expect(await look(), title).toEqual([curl, curl]);
      await applied.heal();
      expect(await look(), `after ${title}`).toEqual([healthy, healthy]);
    }
    expect(lab.doubts).toEqual([]);
  });

  /** Makes two requests at once on one connection, and returns the frames that end something, as nghttp(1) reads them. */
  const framesOf = async (): Promise<string[]> => {
    const url = urlOf(lab.topology, addressOf(lab.topology, 'backend-1', 4));
    const { stdout } = await lab.host('client').run(['nghttp', '--null-out', '--verbose', '--no-verify-peer', '--no-dep', `${url}?1`, `${url}?2`]);
    const lines = stdout.replace(/\u001b\[[\d;]*m/g, '').split('\n');
    return lines.flatMap((line, index) => {
      const [, type = '', stream = ''] = /recv (GOAWAY|RST_STREAM|DATA) frame <length=\d+, flags=0x\d\d, stream_id=(\d+)>/.exec(line) ?? [];
      if (type === 'DATA') return line.includes('flags=0x01') ? [`${stream} is whole`] : [];
      if (type === '') return [];
      const [, last = '', error = ''] = /\((?:last_stream_id=(\d+), )?error_code=(\w+)/.exec(lines[index + 1] ?? '') ?? [];
      return [type === 'GOAWAY' ? `GOAWAY ${last} ${error}` : `${stream} ${error}`];
    });
  };

  test('of two requests at once, GOAWAY ends the second one as it says, and the first one is answered', async () => {
    const seen: Record<string, string[]> = {};
    for (const how of ['two-phases', 'unprocessed', 'processed']) {
      const applied = await lab.apply('h2-goaway', 'backend-1', { how });
      // nghttp leaves when it has both answers, perhaps before the second GOAWAY of two.
      seen[how] = (await framesOf()).filter((frame) => frame !== 'GOAWAY 3 NO_ERROR' || how !== 'two-phases').sort();
      await applied.heal();
    }
    expect(seen).toEqual({
      'two-phases': ['1 is whole', '3 is whole', 'GOAWAY 2147483647 NO_ERROR'],
      unprocessed: ['1 is whole', 'GOAWAY 1 NO_ERROR'],
      processed: ['1 is whole', 'GOAWAY 3 NO_ERROR'],
    });
  });

  test('a body that is cut by the end of its connection has come as far as its half, also over HTTP/2', async () => {
    const [url, half] = [urlOf(lab.topology, addressOf(lab.topology, 'backend-1', 4)), Math.floor('Hello, World from 198.51.100.11\n'.length / 2)];
    // With `rst`, it is chance what curl gets: its kernel throws away what curl has not read yet.
    await lab.behave('backend-1', { truncate: 'fin' });
    const { stdout } = await lab.host('client').run(['curl', '--silent', '--insecure', '--http2', '--max-time', '2', '--output', '/dev/null', '--write-out', '%{http_code} %{size_download}', url]);
    await lab.restoreBehaviour('backend-1');
    expect(stdout).toBe(`200 ${half}`);
  });

  test('a fault of one family leaves the other one alone', async () => {
    await lab.server('backend-1').call('fault-behaviour', { fault: 'one family', change: { goaway: 'error', maxStreams: 7 }, family: 6 });
    expect(await look()).toEqual([healthy, '200/2/1 000/0/0 exit 18']);
    await lab.server('backend-1').call('heal-behaviour', { fault: 'one family' });
  });

  test('a behaviour that cannot be had leaves everything as it was', async () => {
    const server = lab.server('backend-2');
    await expect(server.call('behaviour', { certificate: 'expired', delayMs: 1 })).rejects.toThrow('Expected the certificate `expired` to be given');
    expect(await server.call('behaviour', {})).toMatchObject({ certificate: 'good', delayMs: 0 });
  });

  test('what follows a refused request, such as its body, takes no other request with it', async () => {
    const { address, port } = { address: addressOf(lab.topology, 'backend-3', 4), port: portOf(lab.topology, 'backend-3') };
    const applied = await lab.apply('h2-goaway', 'backend-3', { how: 'unprocessed' });
    await lab.behave('backend-3', { delayMs: 300 });
    // The first request is under way when the second one, with a body, is refused.
    const program = `const s = require('node:http2').connect('https://${address}:${port}', { rejectUnauthorized: false });
      const ask = (options, body) => new Promise((resolve) => {
        const stream = s.request({ ':path': '/?' + body.length, ...options }); let status = 'none';
        stream.on('response', (headers) => { status = headers[':status']; }).on('error', () => undefined).on('close', () => resolve(status)).resume().end(body);
      });
      s.on('error', () => undefined).once('connect', async () => { const first = ask({}, ''); await new Promise((r) => setTimeout(r, 100)); const second = ask({ ':method': 'POST' }, 'x'.repeat(20000)); console.log(await first, await second); s.destroy(); });`;
    const { stdout } = await lab.host('client').run([process.execPath, '-e', program]);
    await lab.restoreBehaviour('backend-3');
    await applied.heal();
    expect(stdout.trim()).toBe('200 none');
  });
});

describeUnhealed('a fault of HTTP/2 that does not heal', Object.keys(h2Faults), { https: true });
