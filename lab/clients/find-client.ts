/** Finds a client on the client's host, prepares it, and starts it. */
import { spawn, type SpawnOptions } from 'node:child_process';
import type { ProcessOutput } from 'zx';
import { profiles } from '../../client/external/index.ts';
import type { ClientHost, Found, Profile, Program } from '../../client/external/profile.ts';
import type { ClientOptions } from '../../client/client-options.ts';
import type { Network } from '../network/drivers/driver.ts';
import { LabError } from '../vocabulary/errors.ts';
import { startExternalClient } from './external-client.ts';
import { isOwn, ownClientNames, type Client } from './index.ts';
import { startOwnClient } from './own-client.ts';
import type { ClientContext, StageClient } from './stage-client.ts';

/** A client that was found. */
export interface FoundClient {
  version: string;
  start(options: ClientOptions, requestLimitMs: number): Promise<StageClient>;
}

/** @throws {LabError} MISSING_TOOL when the client is not on its host, START_FAILED when what it needs cannot be built. */
export async function findClient(context: ClientContext, client: Client): Promise<FoundClient> {
  const stageClient = ({ request, stop }: Pick<StageClient, 'request' | 'stop'>): StageClient => ({ request, get: (url) => request('GET', url), stop, $: shellOn(context) });
  if (isOwn(client)) return { version: process.version, start: async (options, limitMs) => stageClient(await startOwnClient(context, options, limitMs)) };
  const { root, node } = context.runtime;
  const host: ClientHost = { run: (argv) => context.externalHost.run(argv), root, node };
  const found = 'profile' in client ? await client.profile.find(host) : await findCommand(host, client.command);
  if (!found) {
    const remedy = 'profile' in client ? ` To install it: ${client.profile.install}.` : '';
    throw new LabError('MISSING_TOOL', `The client \`${client.name}\` is not on the client's host.${remedy}`);
  }
  await prepareClient(host, client.name, found);
  return { version: found.version, start: async (options) => stageClient(await startExternalClient(context, client.name, found.program, options)) };
}

export interface ClientListing {
  name: string;
  /** Null where the client is not there; `reason` says how to install it. */
  version: string | null;
  reason?: string;
}

/** Every client of the table, with its version on this host. */
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

/** Builds what the client needs. @throws {LabError} START_FAILED with the builder's output. */
export async function prepareClient(host: ClientHost, name: string, found: Found): Promise<void> {
  if (!found.prepare) return;
  const { exitCode, stderr, stdout } = await host.run(found.prepare);
  if (exitCode !== 0) throw new LabError('START_FAILED', `Could not prepare the client \`${name}\`: ${(stderr || stdout).trim().slice(-2_000)}`);
}

/** The lab does not know how to ask any command for its version. */
async function findCommand(host: ClientHost, program: Program): Promise<Found | null> {
  const [file = ''] = program.argv;
  const { exitCode } = await host.run(['sh', '-c', 'command -v "$1"', 'sh', file]);
  return exitCode === 0 ? { version: 'not known', program } : null;
}

/** zx on the client's host: only the start of the shell is ours. zx is loaded at its first use, since that takes 40 ms. */
function shellOn({ host, record }: ClientContext): StageClient['$'] {
  return async (pieces, ...args): Promise<ProcessOutput> => {
    const { $ } = await import('zx');
    const onHost = ((script: string, _args: string[], { shell, ...options }: SpawnOptions) => {
      record('lab:command', { command: script.replace(/^set -euo pipefail;/, '') });
      const [file = '', ...rest] = host.command([typeof shell === 'string' ? shell : 'sh', '-c', script]);
      return spawn(file, rest, options);
    }) as typeof spawn;
    return await $({ spawn: onHost, quiet: true })(pieces, ...args);
  };
}
