/** Sets the stage: starts the services, the client and the capture, and offers a scenario what it works with. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientOptions } from '../../client/client-options.ts';
import { findClient } from '../clients/find-client.ts';
import type { Client } from '../clients/index.ts';
import type { ClientContext, StageClient } from '../clients/stage-client.ts';
import { environmentWords, giveCa } from '../clients/trust.ts';
import { programArgv } from '../network/programs.ts';
import { LabError } from '../vocabulary/errors.ts';
import { hostAt, isBackend, portOf, urlOf } from '../vocabulary/topology.ts';
import { answeredFrom, whyNobody } from './answered-from.ts';
import { startExternalServer } from './external-servers/start-external-server.ts';
import type { Lab } from './lab.ts';
import type { Load, Redialers, Stage } from './scenario.ts';
import { untilOver } from './until-over.ts';

export interface StageSetting {
  lab: Lab;
  client: Client;
  /** On docker: the image that the client runs from, in the place of the lab's own. */
  clientImage: string | undefined;
  options: ClientOptions;
  /** The options of the command line. They overrule what a scenario asks for. */
  asked: Partial<ClientOptions>;
  /** The limit of one request, in ms. */
  limitMs: number;
  /** How long a scenario waits for a request that may never end, in ms. */
  patienceMs: number;
  seed: string;
  /** Aborts when the run is over. From then on nothing that the stage has promised settles (until-over.ts). */
  over: AbortSignal;
  /** Called when a request could not be made at all. That ends the run: a request that only fails is a result, not an error. */
  onBroken: (error: unknown) => void;
  onClient: (version: string) => void;
  onOptions: (wanted: ClientOptions) => void;
}

/** Services, client and capture start side by side. */
export async function setStage({ lab, client, clientImage, options, asked, limitMs, patienceMs, seed, over, onBroken, onClient, onOptions }: StageSetting): Promise<Stage> {
  const finding = clientContext(lab, clientImage).then((context) => findClient(context, client));
  const startClient = async (wanted: ClientOptions): Promise<StageClient> => {
    const { version, start } = await finding;
    onClient(version);
    onOptions(wanted);
    const started = await start(wanted, limitMs, patienceMs);
    const request: StageClient['request'] = (method, url) => {
      const asked = started.request(method, url);
      asked.catch(onBroken);
      return asked;
    };
    return { ...started, request, get: (url) => request('GET', url) };
  };
  const [stageClient] = await Promise.all([startClient(options), lab.startServices(), lab.startCapture()]);
  const stage: Stage = {
    topology: lab.topology,
    client: stageClient,
    dns: lab.dns,
    startClient: (change) => startClient({ ...options, ...change, ...asked }),
    behave: async (backend, change) => { await lab.behave(backend, change); },
    apply: (fault, host, given) => lab.apply(fault, host, given),
    startLoad: ({ http2 = false } = {}) => startLoad(lab, seed, http2),
    startRedialers: () => startRedialers(lab, seed),
    serve: (server, backend) => startExternalServer(lab, server, backend),
    patienceMs,
    note: (text) => { lab.timeline.add('client', 'lab:note', { text }); },
    wait: (delayMs) => sleep(delayMs, undefined, { signal: over }),
    until: (isIt, untilMs = 1_000) => lab.timeline.waitFor(isIt, untilMs, over),
    backendAt: (address) => {
      if (address === null) throw new LabError('BAD_OUTPUT', whyNobody(lab.timeline.events, client.name, lab.topology));
      const host = hostAt(lab.topology, address);
      if (!isBackend(host)) throw new LabError('BAD_OUTPUT', `Expected the client \`${client.name}\` to be answered by a backend, got an answer from ${address}. Make each request to the URL that the client is given.`);
      return host;
    },
  };
  return untilOver(stage, over);
}

/** What a client of the lab needs. One for all clients of a lab, since it numbers their requests. @throws {LabError} NOT_SUPPORTED for an image where the driver has no images. */
export async function clientContext(lab: Lab, image: string | undefined): Promise<ClientContext> {
  const { network, processes, timeline } = lab;
  const host = network.host('client');
  if (image !== undefined && !network.clientFrom) throw new LabError('NOT_SUPPORTED', `A client from an image needs the docker driver. On ${network.driver} a client has the files of this machine.`);
  const externalHost = (image === undefined ? undefined : await network.clientFrom?.(image)) ?? host;
  let lastNumber = 0;
  return {
    host,
    externalHost,
    url: urlOf(lab.topology),
    tls: lab.trust.ca === undefined ? null : await giveCa(network, lab.trust.ca, [...new Set([host, externalHost])]),
    runtime: network.runtime,
    driver: network.driver,
    image,
    folder: `${network.scratch}/client`,
    startProgram: (title, path, { env, args }) => processes.start('client', title, [...(env ? environmentWords(env) : []), ...programArgv(network.runtime, path, ...args)]),
    record: (event, payload) => { timeline.add('client', event, payload); },
    receive: (event) => { timeline.receive('client', event); },
    reportTrouble: (title, reason) => { processes.reportTrouble('client', title, reason); },
    answeredFrom: (request) => answeredFrom(lab, request),
    nextNumber: () => ++lastNumber,
  };
}

/** The load comes from the observer's host, so that the client's wire has the client's packets only. */
async function startLoad({ network, processes, topology, trust }: Lab, seed: string, http2: boolean): Promise<Load> {
  const remote = await processes.start('observer', 'the load', programArgv(network.runtime, http2 ? 'services/load/http2.ts' : 'services/load/main.ts', JSON.stringify(trust)));
  return {
    open: async (address, connections) => { await remote.call('open', { address, port: portOf(topology, 'backend-1'), seed, ...connections }); },
    alive: () => remote.call('alive'),
  };
}

async function startRedialers({ network, processes, topology, trust }: Lab, seed: string): Promise<Redialers> {
  const remote = await processes.start('observer', 'the load that redials', programArgv(network.runtime, 'services/load/redialers.ts', JSON.stringify(trust)));
  return {
    open: async (addresses, each) => { await remote.call('open', { addresses, each, port: portOf(topology, 'backend-1'), seed }); },
    ask: async (path) => { await remote.call('ask', { path }); },
    state: () => remote.call('state'),
    redialled: async (count) => { await remote.call('redialled', { count }); },
    close: async () => { await remote.call('close'); },
  };
}
