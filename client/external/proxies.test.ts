/** A proxy ends with the program that started it, also when that program is killed, and leaves no file behind. */
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clientOptions } from '../client-options.ts';
import { findClient } from '../../lab/clients/find-client.ts';
import { parseClient } from '../../lab/clients/index.ts';
import type { ClientContext } from '../../lab/clients/stage-client.ts';
import { netns } from '../../lab/network/drivers/netns.ts';
import { createLab, type Lab } from '../../lab/run/lab.ts';
import { clientContext } from '../../lab/run/stage.ts';
import { Timeline } from '../../lab/run/timeline.ts';
import { expectedOfClients } from '../../lab/testing/expected-clients.ts';
import { describeWith, until } from '../../lab/testing/testing.ts';
import { defaultsOf } from '../../lab/vocabulary/options.ts';
import { proxyProfiles } from './proxies.ts';

/** Where programs share memory: httpd and Squid have files here. It is that of the machine, so other programs may add to it while the test runs. */
const shared = (): string[] => readdirSync('/dev/shm').filter((name) => /^(ShM\.|squid-)/.test(name));

let lab: Lab;
let context: ClientContext;

const onHost = async (...argv: string[]): Promise<string[]> => (await context.host.run(argv)).stdout.split('\n').filter(Boolean);

/**
 * What there is of proxies on the client's host: files, and processes with a socket that listens. A worker of nginx has one after its master was killed, and no
 * word of it names its folder. ss(8) is the judge: /proc is that of the machine, with the processes of all labs.
 */
async function traces(): Promise<{ files: string[]; listening: string[] }> {
  const [files, listening] = await Promise.all([onHost('ls', '-A', context.folder), onHost('ss', '--no-header', '--listening', '--tcp', '--numeric')]);
  return { files, listening };
}

describeWith(['netns', 'ss'], 'in a lab', () => {
  beforeAll(async () => {
    lab = await createLab({ driver: netns, timeline: new Timeline(), seed: '1', topology: {} });
    await Promise.all([lab.startServices(), lab.startCapture()]);
    context = await clientContext(lab, undefined);
  }, 60_000);
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  for (const name of Object.keys(proxyProfiles) as (keyof typeof proxyProfiles)[]) {
    describeWith(expectedOfClients[name].needs, name, () => {
      test('nothing is left of it after its client was killed', { timeout: 60_000 }, async () => {
        const before = shared();
        const { start } = await findClient(context, parseClient(name));
        const client = await start(defaultsOf(clientOptions), 60_000);
        expect(await client.get()).toMatchObject({ ok: true, status: 200 });
        const { files, listening } = await traces();
        expect({ files: files.length, listening: listening.length > 0 }).toEqual({ files: 1, listening: true });
        // This is SIGKILL to the program that speaks the protocol.
        await client.stop();
        await until(async () => (Object.values(await traces()).flat().length === 0 ? true : undefined), `the end of ${name} and its files`);
        expect(shared()).toEqual(before);
      });
    });
  }

  describeWith('nginx', 'a proxy that cannot start', () => {
    test('is an error of the request, with what the proxy wrote, and the next request starts it again', { timeout: 60_000 }, async () => {
      const { start } = await findClient(context, parseClient('nginx-proxy'));
      const client = await start(defaultsOf(clientOptions), 60_000);
      const failed = { ok: false, error: 'the proxy did not start', causes: [expect.stringContaining('host not found in upstream "nobody.lab.test"') as string] };
      expect(await client.get('http://nobody.lab.test:8080/')).toMatchObject(failed);
      await lab.dns.record('add', 'nobody.lab.test', 'A', '198.51.100.11');
      expect(await client.get('http://nobody.lab.test:8080/')).toMatchObject({ ok: true, status: 200 });
      await client.stop();
    });
  });
});
