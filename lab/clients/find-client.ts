/** Finds a client on the client's host, prepares it, and starts it. */
import { spawn, type SpawnOptions } from 'node:child_process';
import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import type { ProcessOutput } from 'zx';
import { profiles } from '../../client/external/index.ts';
import type { ClientHost, Found, Profile, Program } from '../../client/external/profile.ts';
import type { Http2 } from '../../client/external/tls.ts';
import type { ClientOptions } from '../../client/client-options.ts';
import type { Host, Network, Runtime } from '../network/drivers/driver.ts';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import { usualPatienceMs } from '../vocabulary/limits.ts';
import { howToGet } from '../vocabulary/installation.ts';
import { excerpt, printable } from '../vocabulary/printable.ts';
import { startExternalClient } from './external-client.ts';
import { isOwn, ownClientNames, ownClients, type Client } from './index.ts';
import { startOwnClient } from './own-client.ts';
import { inUserFolder, makeOwnFolder } from './own-folder.ts';
import { runProgram } from './run-program.ts';
import type { ClientContext, StageClient } from './stage-client.ts';
import { requireInstalled, requireTls, trusting, withCa, withHttp2 } from './trust.ts';
import { withOptions } from './variants.ts';

/** A program tells its version in well under a second; a JVM or a browser on a busy machine needs several. */
const commandLimitMs = 30_000;
/** The first `go build` compiles the standard library, too: half a minute on a fast machine, and minutes on a slow or busy one. */
const prepareLimitMs = 600_000;

/** A client that was found. */
export interface FoundClient {
  version: string;
  /**
   * `requestLimitMs` ends a request of our own client. A client that is not ours may take as long as the lab's patience, and some seconds more, so
   * that whoever waits says what became of the request.
   */
  start(options: ClientOptions, requestLimitMs: number, patienceMs?: number): Promise<StageClient>;
}

/** @throws {LabError} MISSING_TOOL when the client is not on its host, START_FAILED when what it needs cannot be built. */
export async function findClient(context: ClientContext, client: Client): Promise<FoundClient> {
  const stageClient = ({ request, stop }: Pick<StageClient, 'request' | 'stop'>): StageClient => ({ request, get: (url) => request('GET', url), stop, $: shellOn(context) });
  if (isOwn(client)) {
    return {
      version: process.version,
      start: async (options, limitMs) => {
        checkScheme(context, options);
        return stageClient(await startOwnClient(context, options, limitMs));
      },
    };
  }
  const host = hostFor(context.externalHost, context.runtime);
  const profile = 'profile' in client ? client.profile : null;
  const found = 'profile' in client ? withOptions(await findNamed(host, client.name, client.profile, context), client.options) : await findCommand(host, client.name, client.command);
  await prepareClient(host, client.name, found);
  await makeOwnFolder(context.externalHost, context.folder);
  const { program, prepare } = await withCa(context, profile, found.program);
  if (prepare) await prepareClient(host, client.name, { prepare });
  return {
    version: shownVersion(found),
    start: async (options, _limitMs, patienceMs = usualPatienceMs) => {
      checkScheme(context, options);
      const http2 = options.http === '2';
      if (context.tls !== null) {
        requireTls(client, http2);
        requireInstalled(client.name, found, http2);
      }
      return stageClient(await startExternalClient(context, client.name, http2 ? withHttp2(profile, program) : program, options, patienceMs));
    },
  };
}

/** A run makes its lab as the options say. A lab that is up already speaks what it speaks. @throws {LabError} BAD_INPUT */
function checkScheme({ url }: ClientContext, { scheme, http }: ClientOptions): void {
  if (url.startsWith('https:') || (scheme === 'http' && http !== '2')) return;
  throw new LabError('BAD_INPUT', `Expected a lab over HTTPS for ${http === '2' ? 'http=2' : 'scheme=https'}, and this one speaks HTTP. To have one: \`lab up --https\`, or \`topology: { https: true }\` in a test.`);
}

export interface ClientListing {
  name: string;
  /** Null where the client is not there; `reason` says how to install it. */
  version: string | null;
  reason?: string;
  /** What it speaks over TLS, as its profile and what is installed of it say. Not set where the client is not there. */
  speaks?: string;
}

/** Every client of the table, with its version on this host of a driver; with `only`, just those of that name, because each one starts a program to tell its version. */
export async function findClients(host: ClientHost, driver: string, only?: readonly string[]): Promise<ClientListing[]> {
  const isWanted = (name: string): boolean => only?.includes(name) ?? true;
  // Each one is looked for with a limit of time, which is for a program that hangs. With all of them at once, a slow machine with docker would need it for the start alone.
  const inTurn = pLimit(2 * availableParallelism());
  const listings = Object.entries(profiles as Record<string, Profile>).filter(([name]) => isWanted(name)).map(([name, profile]) => inTurn(async (): Promise<ClientListing> => {
    // A client that does not even tell its version must not hide the others.
    const found = await profile.find(host).catch(messageOf);
    if (typeof found === 'string') return { name, version: null, reason: found };
    return found ? { name, version: shownVersion(found), speaks: spoken(profile.tls?.http2 ?? null, found.lacks) } : { name, version: null, reason: howToGet(profile.install, driver) };
  }));
  return [...ownClientNames.filter(isWanted).map((name) => ({ name, version: process.version, speaks: spoken(ownClients[name].tls.http2) })), ...(await Promise.all(listings))];
}

/** How `lab clients` says whether a client speaks TLS and HTTP/2. `lacks` has what to install for it. */
function spoken(http2: Http2 | null, lacks: Found['lacks'] = {}): string {
  if (http2 === null) return 'no TLS';
  if (lacks.tls !== undefined) return `no TLS: ${lacks.tls}`;
  const how = http2 === 'never' ? 'no HTTP/2' : `HTTP/2 ${http2}`;
  return `TLS, ${lacks.http2 === undefined ? how : `no HTTP/2: ${lacks.http2}`}`;
}

/** The client's host as a profile sees it. */
export function clientHost({ host, runtime }: Pick<Network, 'host' | 'runtime'>): ClientHost {
  return hostFor(host('client'), runtime);
}

function hostFor(host: Pick<Host, 'name' | 'start'>, { root, node }: Runtime): ClientHost {
  return { run: (argv, limitMs = commandLimitMs) => runProgram(host, argv, limitMs), root, node };
}

/** Builds what the client needs. @throws {LabError} START_FAILED with the builder's output; TIME_LIMIT when it does not end. */
export async function prepareClient(host: ClientHost, name: string, { prepare }: Pick<Found, 'prepare'>, limitMs = prepareLimitMs): Promise<void> {
  if (!prepare) return;
  const { exitCode, stderr, stdout } = await host.run(prepare, limitMs);
  if (exitCode !== 0) throw new LabError('START_FAILED', `Could not prepare the client \`${name}\`: ${(stderr || stdout).trim().slice(-2_000)}`);
}

/** Builds what the clients that are found need. `tell` is called with the name of each one before. @throws {LabError} as `prepareClient` does. */
export async function prepareClients(host: ClientHost, tell: (name: string) => void): Promise<void> {
  for (const [name, profile] of Object.entries(profiles as Record<string, Profile>)) {
    const found = await profile.find(host);
    if (!found?.prepare) continue;
    tell(name);
    await prepareClient(host, name, found);
  }
}

async function findNamed(host: ClientHost, name: string, profile: Profile, { driver, image }: ClientContext): Promise<Found> {
  const found = await profile.find(host);
  if (!found) {
    throw new LabError('MISSING_TOOL', image === undefined
      ? `The client \`${name}\` is not on the client's host. To get it: ${howToGet(profile.install, driver)}.`
      : `The client \`${name}\` is not in the image ${image}. Name an image that has it.`);
  }
  return found;
}

/** The lab does not know how to ask any command for its version. */
async function findCommand(host: ClientHost, name: string, program: Program): Promise<Found> {
  const found = await inUserFolder(host, program.argv);
  if (!found) {
    const expected = program.argv[0]?.includes('/') ? 'a program at this path, which begins in the folder in which the lab was started' : 'a program of this name on the PATH';
    throw new LabError('MISSING_TOOL', `The client \`${name}\` is not on the client's host. Expected ${expected}: \`${program.argv[0] ?? ''}\`. Install it there, or correct its name.`);
  }
  return { version: 'not known', program: { ...program, ...found } };
}

/** The version comes from the program itself. */
function shownVersion({ version }: Found): string {
  return printable(excerpt(version, 100));
}

/** zx on the client's host: only the start of the shell is ours. zx is loaded at its first use, since that takes 40 ms. */
function shellOn({ host, record, tls }: ClientContext): StageClient['$'] {
  return async (pieces, ...args): Promise<ProcessOutput> => {
    const { $ } = await import('zx');
    const onHost = ((script: string, _args: string[], { shell, ...options }: SpawnOptions) => {
      record('lab:command', { command: script.replace(/^set -euo pipefail;/, '') });
      const [file = '', ...rest] = host.command([...(tls === null ? [] : trusting(tls.caFile)), typeof shell === 'string' ? shell : 'sh', '-c', script]);
      return spawn(file, rest, options);
    }) as typeof spawn;
    return await $({ spawn: onHost, quiet: true })(pieces, ...args);
  };
}
