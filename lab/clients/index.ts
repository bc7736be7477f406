/** The clients a run can use, how each is found, and how it is started. */
import { spawn, type SpawnOptions } from 'node:child_process';
import type { ProcessOutput } from 'zx';
import { profiles } from '../../client/external/index.ts';
import type { ClientHost, Found, Profile, Program } from '../../client/external/profile.ts';
import { clientOptions, type ClientOptions } from '../../client/client-options.ts';
import type { RequestResult } from '../../client/requester.ts';
import { optionsForAny, startForeign } from './foreign.ts';
import { answeredBy, type RequestNumbers } from './requests.ts';
import { splitWords } from './words.ts';
import type { Network } from '../network/drivers/driver.ts';
import type { Lab } from '../run/lab.ts';
import { LabError, unknownName } from '../vocabulary/errors.ts';
import { defaultsOf } from '../vocabulary/options.ts';
import { programArgv } from '../network/programs.ts';
import { webUrl } from '../vocabulary/topology.ts';
import type { StageClient } from '../run/scenario.ts';

/** Ours differ in their transport. */
export const ownClients = {
  'node-fetch': { summary: 'our client on fetch (undici, as built into Node): traced, and held to a contract', options: { transport: 'fetch' } },
  'node-http': { summary: 'our client on node:http with an agent: traced, and held to a contract', options: { transport: 'http' } },
} satisfies Record<string, { summary: string; options: Partial<ClientOptions> }>;

export type OwnClientName = keyof typeof ownClients;
export const ownClientNames = Object.keys(ownClients) as OwnClientName[];
export const clientNames = [...ownClientNames, ...Object.keys(profiles)];

/** What `--client` says: one of ours, a profile's name, or a command. */
export type Client = { name: string } & ({ own: OwnClientName } | { profile: Profile } | { command: Program });

/**
 * A name of the table, or a command: what has a blank, a `/` or `{url}` in it. With `{url}` the command is run for each request;
 * without, it is started once and speaks the protocol.
 * @throws {LabError} BAD_INPUT listing the clients.
 */
export function parseClient(text: string): Client {
  if (Object.hasOwn(ownClients, text)) return { name: text, own: text as OwnClientName };
  if (Object.hasOwn(profiles, text)) return { name: text, profile: profiles[text as keyof typeof profiles] };
  const argv = splitWords(text);
  if (argv.length === 0 || !/[\s/]|\{url\}/.test(text.trim())) {
    throw new LabError('BAD_INPUT', `${unknownName('client', text, clientNames).message} Or a command: 'curl -sS {url}'.`);
  }
  if (argv.some((word) => word.includes('{url}'))) return { name: text, command: { asked: 'by arguments', argv } };
  return { name: text, command: { asked: 'over stdin', argv, saysReady: false } };
}

/** Whether a client is ours: traced, with options, and held to a contract. */
export function isOwn(client: Client): client is Client & { own: OwnClientName } {
  return 'own' in client;
}

/** Defaults, then what the scenario wants, then the client's transport, then what was asked for on the command line. */
export function optionsFor(client: Client, scenario: Partial<ClientOptions>, asked: Partial<ClientOptions>): ClientOptions {
  return { ...defaultsOf(clientOptions), ...scenario, ...(isOwn(client) ? ownClients[client.own].options : {}), ...asked };
}

/** What of `options` this client cannot be given, by name. */
export function optionsNotApplied(client: Client, options: ClientOptions): string[] {
  if (isOwn(client)) return [];
  const defaults = defaultsOf(clientOptions);
  return (Object.keys(options) as (keyof ClientOptions)[]).filter((key) => options[key] !== defaults[key] && !(optionsForAny as readonly string[]).includes(key));
}

/** A client that was found on the client's host. */
export interface FoundClient {
  version: string;
  start(options: ClientOptions, numbers: RequestNumbers, requestLimitMs: number): Promise<StageClient>;
}

/** @throws {LabError} MISSING_TOOL when it is not there, START_FAILED when what it needs cannot be built. */
export async function findClient(lab: Lab, client: Client): Promise<FoundClient> {
  if (isOwn(client)) return { version: process.version, start: (options, numbers, limitMs) => startOwn(lab, options, numbers, limitMs) };
  const host: ClientHost = { ...clientHost(lab.network), run: (argv) => lab.clientHost.run(argv) };
  const found = 'profile' in client ? await client.profile.find(host) : await findCommand(host, client.command);
  if (!found) {
    const remedy = 'profile' in client ? ` To get it: ${client.profile.install}.` : '';
    throw new LabError('MISSING_TOOL', `The client \`${client.name}\` is not on the client's host.${remedy}`);
  }
  await prepare(host, client.name, found);
  return {
    version: found.version,
    start: async (options, numbers) => ({ ...requesting(await startForeign(lab, client.name, found.program, options, numbers)), $: shellOn(lab) }),
  };
}

export interface ClientListing {
  name: string;
  /** Null where it is not there; `reason` says how to get it. */
  version: string | null;
  reason?: string;
}

/** Every client of the table, as it is on the client's host. */
export async function findClients(host: ClientHost): Promise<ClientListing[]> {
  const listings = Object.entries(profiles as Record<string, Profile>).map(async ([name, profile]): Promise<ClientListing> => {
    const found = await profile.find(host);
    return found ? { name, version: found.version } : { name, version: null, reason: profile.install };
  });
  return [...ownClientNames.map((name) => ({ name, version: process.version })), ...(await Promise.all(listings))];
}

/** The client's host as a profile sees it. */
export function clientHost({ host, runtime }: Pick<Network, 'host' | 'runtime'>): ClientHost {
  return { run: (argv) => host('client').run(argv), root: runtime.root, node: runtime.node };
}

/** Makes what the client needs. @throws {LabError} START_FAILED with the builder's words. */
export async function prepare(host: ClientHost, name: string, found: Found): Promise<void> {
  if (!found.prepare) return;
  const { exitCode, stderr, stdout } = await host.run(found.prepare);
  if (exitCode !== 0) throw new LabError('START_FAILED', `Could not prepare the client \`${name}\`: ${(stderr || stdout).trim().slice(-2_000)}`);
}

/** A command has no version that we would know how to ask for. */
async function findCommand(host: ClientHost, program: Program): Promise<Found | null> {
  const [file = ''] = program.argv;
  const { exitCode } = await host.run(['sh', '-c', 'command -v "$1"', 'sh', file]);
  return exitCode === 0 ? { version: 'not known', program } : null;
}

/** Starts our client on the client host. */
async function startOwn(lab: Lab, options: ClientOptions, numbers: RequestNumbers, requestLimitMs: number): Promise<StageClient> {
  const words = Object.entries(options).flatMap(([key, value]) => (value === null ? [] : [`${key}=${typeof value === 'boolean' ? onOff(value) : value}`]));
  const remote = await lab.startProcess('client', 'the client', programArgv(lab.network.runtime, 'client/main.ts', ...words, '--control'));
  return {
    ...requesting({
      request: async (method, url = webUrl) => answeredBy(await remote.call<RequestResult>('request', { number: numbers.next(), method, url }, requestLimitMs)),
      stop: async () => {
        remote.expectExit();
        await remote.process.signal('SIGTERM');
        await remote.process.exited;
      },
    }),
    $: shellOn(lab),
  };
}

/** GET is what nearly every scenario makes. */
function requesting({ request, stop }: Pick<StageClient, 'request' | 'stop'>): Pick<StageClient, 'request' | 'get' | 'stop'> {
  return { request, get: (url) => request('GET', url), stop };
}

/** zx on the client's host: only the shell's start is ours, inside the host. Loaded when first used, since it costs 40 ms. */
function shellOn(lab: Lab): StageClient['$'] {
  return async (pieces, ...args): Promise<ProcessOutput> => {
    const { $ } = await import('zx');
    const onHost = ((script: string, _args: string[], { shell, ...options }: SpawnOptions) => {
      lab.timeline.add('client', 'lab:command', { command: script.replace(/^set -euo pipefail;/, '') });
      const [file = '', ...rest] = lab.host('client').command([typeof shell === 'string' ? shell : 'sh', '-c', script]);
      return spawn(file, rest, options);
    }) as typeof spawn;
    return await $({ spawn: onHost, quiet: true })(pieces, ...args);
  };
}

function onOff(on: boolean): string {
  return on ? 'on' : 'off';
}
