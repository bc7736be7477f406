/** The clients a run can use, and how each is driven. */
import { spawn, type SpawnOptions } from 'node:child_process';
import type { ProcessOutput } from 'zx';
import type { RequestResult } from '../client/requester.ts';
import { clientOptions, type ClientOptions } from '../client/options.ts';
import type { Lab } from './lab.ts';
import { unknownName } from './errors.ts';
import { defaultsOf } from './options.ts';
import type { Remote } from './remote.ts';
import { programArgv } from './services.ts';
import { webUrl } from './topology.ts';
import type { StageClient } from './scenario.ts';

/** Each client is a way to run one; ours differ in their transport. */
export const clients = {
  'node-fetch': { summary: 'our client on fetch (undici, as built into Node)', options: { transport: 'fetch' } },
  'node-http': { summary: 'our client on node:http with an agent', options: { transport: 'http' } },
} satisfies Record<string, { summary: string; options: Partial<ClientOptions> }>;

export type ClientName = keyof typeof clients;
export const clientNames = Object.keys(clients) as ClientName[];

/** @throws {LabError} BAD_INPUT listing the clients. */
export function parseClientName(name: string): ClientName {
  if (!Object.hasOwn(clients, name)) throw unknownName('client', name, clientNames);
  return name as ClientName;
}

/** Defaults, then what the scenario wants, then the client's transport, then what was asked for on the command line. */
export function optionsFor(name: ClientName, scenario: Partial<ClientOptions>, asked: Partial<ClientOptions>): ClientOptions {
  return { ...defaultsOf(clientOptions), ...scenario, ...clients[name].options, ...asked };
}

/** Requests are numbered over the whole run, so that two clients' events cannot be confused. */
export interface RequestNumbers {
  next(): number;
}

/** Starts our client on the client host. */
export async function startClient(lab: Lab, options: ClientOptions, numbers: RequestNumbers, requestLimitMs: number): Promise<StageClient> {
  const words = Object.entries(options).flatMap(([key, value]) => (value === null ? [] : [`${key}=${typeof value === 'boolean' ? onOff(value) : value}`]));
  const remote = await lab.startProcess('client', 'the client', programArgv(lab.network.runtime, 'client/main.ts', ...words, '--control'));
  return {
    get: (url = webUrl) => get(remote, url, numbers.next(), requestLimitMs),
    $: (pieces, ...args) => runInShell(lab, pieces, args),
    stop: async () => {
      remote.expectExit();
      await remote.process.signal('SIGTERM');
      await remote.process.exited;
    },
  };
}

async function get(remote: Remote, url: string, number: number, limitMs: number): Promise<RequestResult & { address: string | null }> {
  const result = await remote.call<RequestResult>('request', { number, method: 'GET', url }, limitMs);
  // What the backend said it was reached at: S1's `Hello, World from <address>`.
  const address = result.ok ? (/from (\S+)/.exec(result.body)?.[1] ?? null) : null;
  return { ...result, address };
}

/** zx on the client's host: only the shell's start is ours, inside the host. Loaded when first used, since it costs 40 ms. */
async function runInShell(lab: Lab, pieces: TemplateStringsArray, args: unknown[]): Promise<ProcessOutput> {
  const { $ } = await import('zx');
  const onHost = ((script: string, _args: string[], { shell, ...options }: SpawnOptions) => {
    lab.timeline.add('client', 'lab:command', { command: script.replace(/^set -euo pipefail;/, '') });
    const [file = '', ...rest] = lab.host('client').command([typeof shell === 'string' ? shell : 'sh', '-c', script]);
    return spawn(file, rest, options);
  }) as typeof spawn;
  return await $({ spawn: onHost, quiet: true })(pieces, ...args);
}

function onOff(on: boolean): string {
  return on ? 'on' : 'off';
}
