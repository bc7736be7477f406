/** What a scenario's stimulus works with, made of a lab that comes up. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientOptions } from '../../client/client-options.ts';
import { findClient, type Client } from '../clients/index.ts';
import { LabError } from '../vocabulary/errors.ts';
import { startExternalServer } from './external-servers/start.ts';
import type { Lab } from './lab.ts';
import type { Load, Redialers, Stage, StageClient } from './scenario.ts';
import { programArgv } from '../network/programs.ts';
import { hostAt, httpPort, isBackend } from '../vocabulary/topology.ts';

export interface StageSetting {
  lab: Lab;
  client: Client;
  clientImage: string | undefined;
  options: ClientOptions;
  /** What was asked for on the command line, over what the scenario wants. */
  asked: Partial<ClientOptions>;
  limitMs: number;
  seed: string;
  over: AbortSignal;
  onClient: (version: string) => void;
  onOptions: (wanted: ClientOptions) => void;
}

/** Services and client start side by side; the stage is what the scenario's stimulus works with. */
export async function setStage({ lab, client, clientImage, options, asked, limitMs, seed, over, onClient, onOptions }: StageSetting): Promise<Stage> {
  let lastRequest = 0;
  const numbers = { next: () => ++lastRequest };
  const finding = (async () => {
    if (clientImage !== undefined) await lab.useClientImage(clientImage);
    return await findClient(lab, client);
  })();
  const startClient = async (wanted: ClientOptions): Promise<StageClient> => {
    const { version, start } = await finding;
    onClient(version);
    onOptions(wanted);
    return await start(wanted, numbers, limitMs);
  };
  const [stageClient] = await Promise.all([startClient(options), lab.startServices(seed), lab.startCapture()]);
  return {
    topology: lab.topology,
    client: stageClient,
    dns: lab.dns,
    startClient: (change) => startClient({ ...options, ...change, ...asked }),
    behave: async (backend, change) => { await lab.behave(backend, change); },
    apply: (fault, host, given) => lab.apply(fault, host, given),
    startLoad: () => startLoad(lab, seed),
    startRedialers: () => startRedialers(lab, seed),
    serve: (server, backend) => startExternalServer(lab, server, backend),
    note: (text) => { lab.timeline.add('client', 'lab:note', { text }); },
    wait: (delayMs) => sleep(delayMs, undefined, { signal: over }),
    until: (isIt, limitMs = 1_000) => lab.timeline.waitFor(isIt, limitMs),
    backendAt: (address) => {
      const host = address === null ? undefined : hostAt(lab.topology, address);
      if (!isBackend(host)) throw new LabError('BAD_OUTPUT', `Expected the address of a backend, got ${String(address)}.`);
      return host;
    },
  };
}

/** From the observer's host, so that the client's packets stay the client's. */
async function startLoad(lab: Lab, seed: string): Promise<Load> {
  const remote = await lab.startProcess('observer', 'the load', programArgv(lab.network.runtime, 'services/load/main.ts'));
  return {
    open: async (address, connections) => { await remote.call('open', { address, port: httpPort, seed, ...connections }); },
    alive: () => remote.call('alive'),
  };
}

async function startRedialers(lab: Lab, seed: string): Promise<Redialers> {
  const remote = await lab.startProcess('observer', 'the load that redials', programArgv(lab.network.runtime, 'services/load/redialers.ts'));
  return {
    open: async (addresses, each) => { await remote.call('open', { addresses, each, port: httpPort, seed }); },
    ask: async (path) => { await remote.call('ask', { path }); },
    state: () => remote.call('state'),
    redialled: async (count) => { await remote.call('redialled', { count }); },
    close: async () => { await remote.call('close'); },
  };
}
