/** A lab that is up: its hosts, its servers, the observer, and the faults in force. It knows no scenario. */
import { changeBehaviour, healthy, type Behaviour } from '../../services/backend/behaviour.ts';
import type { CertificateKind } from '../../services/backend/tls-behaviour.ts';
import type { RelayOptions } from '../../services/link/relay.ts';
import type { Observation } from '../faults/fault.ts';
import { FaultsInForce, type AppliedFault } from '../faults/in-force.ts';
import { checkNeed } from '../faults/needs.ts';
import { faultTarget } from '../faults/target.ts';
import { measureClock, type ClockReading } from '../network/clock.ts';
import type { Driver, Host, Network } from '../network/drivers/driver.ts';
import { Link } from '../network/host-link.ts';
import { Probe } from '../network/probe.ts';
import { backendArgv, dnsArgv, programArgv } from '../network/programs.ts';
import { Server } from '../network/server.ts';
import { startNetwork } from '../network/start-network.ts';
import { LabError, messageOf, nameIn, unknownName } from '../vocabulary/errors.ts';
import { unlessAborted } from '../vocabulary/limits.ts';
import { captureFile } from '../wire/capture-file.ts';
import { createTopology, isBackend, targetsOf, type BackendName, type HostName, type TargetName, type Topology, type TopologyChange } from '../vocabulary/topology.ts';
import type { Capture, Captured, CaptureLimit } from './capture.ts';
import { dnsControl, type DnsControl } from './dns-control.ts';
import { HandBehaviours, needOf } from './hand-behaviour.ts';
import { tlsFor, type LabTls } from './lab-tls.ts';
import { Processes } from './processes.ts';
import { findResolver, startResolver, type FoundResolver } from './resolvers.ts';
import type { Timeline } from './timeline.ts';

export interface LabOptions {
  driver: Driver;
  timeline: Timeline;
  /** Repeats every shuffled answer exactly. */
  seed: string;
  topology?: TopologyChange;
  /** Aborting it ends the start at once. */
  signal?: AbortSignal;
}

/**
 * Makes the network. `startServices` comes next, so that a client's process can start beside the services.
 * @throws {LabError} when the driver cannot make it, and when `signal` aborts. Nothing is left behind then.
 */
export async function createLab({ driver, timeline, seed, topology, signal }: LabOptions): Promise<Lab> {
  const made = createTopology(topology);
  const resolver = made.resolver && (await findResolver(made.resolver, driver, made));
  const network = await startNetwork(driver, made, signal);
  const tls = made.scheme === 'https' ? await tlsFor(made) : null;
  return await orDispose(network, async () => {
    // The file is a mount on both drivers, so its text is replaced and not the file. glibc reads the file again when it changes; other resolvers read it at their start.
    if (made.resolvConf) {
      const { exitCode, stderr } = await network.host('client').run(['sh', '-c', 'printf "%s\\n" "$@" >/etc/resolv.conf', 'sh', ...made.resolvConf]);
      if (exitCode !== 0) throw new LabError('START_FAILED', `Could not write the client's /etc/resolv.conf: ${stderr}`);
    }
    return new Lab(network, made, timeline, seed, { resolver, tls });
  });
}

/** A lab with its services, ready for use. @throws {LabError} as `createLab` and `startServices` do; nothing is left behind then. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const lab = await createLab(options);
  return await orDispose(lab, async () => {
    await unlessAborted(options.signal, () => lab.startServices());
    return lab;
  });
}

/** The result of `work`. If `work` fails, its error counts, and what it worked with is disposed. */
async function orDispose<T>(made: AsyncDisposable, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await made[Symbol.asyncDispose]().then(undefined, () => undefined);
    throw error;
  }
}

export class Lab implements AsyncDisposable {
  readonly topology: Topology;
  readonly network: Network;
  readonly timeline: Timeline;
  readonly processes: Processes;
  /** The resolver between the client and the DNS server; null where the lab has none. */
  readonly resolver: FoundResolver | null;
  /** How far the hosts' clock is from this process' clock, and how well that is known. */
  clock: ClockReading = { offsetMs: 0, precisionMs: Infinity };
  /** Null where the backends speak no TLS. */
  readonly #tls: LabTls | null;
  readonly #seed: string;
  readonly #faults: FaultsInForce;
  /** What keeps the DNS server from answering as at the baseline, beside faults: set by `lab dns delay|drop|rcode|truncate`. */
  dnsImpairment: string | null = null;
  readonly #byHand = new HandBehaviours();
  readonly #servers = new Map<TargetName, Server>();
  readonly #links = new Map<TargetName, Link>();
  #probe: Probe | undefined;
  #capture: Capture | undefined;
  #captureDoubt: string | null = null;

  constructor(network: Network, topology: Topology, timeline: Timeline, seed: string, { resolver, tls }: { resolver: FoundResolver | null; tls: LabTls | null }) {
    this.network = network;
    this.topology = topology;
    this.timeline = timeline;
    this.resolver = resolver;
    this.#tls = tls;
    this.#seed = seed;
    this.processes = new Processes(network, timeline);
    this.#faults = new FaultsInForce(
      targetsOf(topology),
      (host, event, payload) => { timeline.add(host, event, payload); },
      (name) =>
        faultTarget(name, {
          topology,
          host: this.host(name),
          server: this.server(name),
          link: this.#link(name),
          probe: this.probe,
          dns: this.server('dns'),
          giveCertificate: (kind) => this.#giveCertificate(name, kind),
          hasRequest: (path) => timeline.has((event) => event.event === 'backend:request' && event.host === name && event.path === path),
        }),
      (name) => (!isBackend(name) ? this.dnsImpairment : this.#byHand.hidesBaseline(name) ? `the behaviour ${this.#byHand.text(name) ?? ''}` : null),
    );
    for (const name of targetsOf(topology)) this.#servers.set(name, new Server(async (listen) => this.processes.start(name, name === 'dns' ? 'the DNS server' : name, this.#serverArgv(name, listen), { onSecret: (line) => { this.#tls?.keyLog.add(line); } })));
  }

  /** The certificates of the backends. Null where they speak no TLS. */
  get certificates(): LabTls['certificates'] | null {
    return this.#tls?.certificates ?? null;
  }

  /** What a program needs to trust the backends. Nothing where they speak no TLS. */
  get trust(): { ca?: string } {
    return this.#tls ? { ca: this.#tls.certificates.ca } : {};
  }

  /** Why the verdict can be no better than unknown: faults without effect, baselines that did not return, processes that ended unexpectedly, lost frames. */
  get doubts(): readonly string[] {
    return [...this.processes.doubts, ...(this.#captureDoubt === null ? [] : [this.#captureDoubt]), ...this.#faults.doubts];
  }

  /**
   * Starts DNS, backends and observer, and checks that all servers answer on both families.
   * @throws {LabError} START_FAILED that names the servers that do not answer.
   */
  async startServices(): Promise<void> {
    const [observer] = await Promise.all([
      this.processes.start('observer', 'the observer', programArgv(this.network.runtime, 'services/probe/main.ts', JSON.stringify(this.trust)), { privileged: true }),
      ...targetsOf(this.topology).map((name) => this.server(name).start()),
      this.resolver && startResolver(this.resolver, this.topology, this.network, this.processes),
    ]);
    this.clock = await measureClock(observer);
    this.timeline.setOffset(this.clock.offsetMs);
    this.#probe = new Probe(this.host('observer'), observer, this.topology, (name) => this.#faults.lateMs(name) + (isBackend(name) ? this.#byHand.lateMs(name) : 0));
    const { seen, observed } = await this.#probe.baseline();
    if (!seen) throw new LabError('START_FAILED', `The lab did not come up: ${observed}. Expected every backend and the DNS server to answer on both families.`);
  }

  host(name: HostName): Host {
    return this.network.host(name);
  }

  server(name: TargetName): Server {
    const server = this.#servers.get(name);
    if (!server) throw unknownName('server', name, this.#servers.keys());
    return server;
  }

  get probe(): Probe {
    if (!this.#probe) throw new LabError('START_FAILED', 'The observer is not up yet.');
    return this.#probe;
  }

  get dns(): DnsControl {
    return dnsControl(this.server('dns'));
  }

  /**
   * Changes the behaviour of a backend's application, for instance `{ delayMs: 200 }`, until `restoreBehaviour`. Returns the behaviour that holds now.
   * @throws {LabError} BAD_INPUT for an unknown backend, field or value, and for a field of TLS or HTTP/2 where the backends speak none; NOT_SUPPORTED while the
   * backend is paused.
   */
  async behave(name: string, change: Record<string, unknown>): Promise<Behaviour> {
    const backend = nameIn('backend', name, this.topology.backends);
    // Checked here first, so that the message does not begin with the backend's name.
    const asked = changeBehaviour(healthy, change);
    const need = needOf(asked);
    if (need) checkNeed(`the behaviour ${need.field}`, need.layer, this.topology);
    return await this.#faults.inTurn(backend, async () => {
      if (asked.certificate !== healthy.certificate) await this.#giveCertificate(backend, asked.certificate);
      const now = await this.#tell(backend, 'behaviour', change);
      const byHand = this.#byHand.change(backend, change);
      // A backend that was killed has no behaviour now. The next process gets this one.
      return now ?? byHand;
    });
  }

  /** The backends whose behaviour `behave` has changed, with the changes: `status=503`. */
  get misbehaving(): { backend: BackendName; text: string }[] {
    return this.topology.backends.flatMap((backend) => {
      const text = this.#byHand.text(backend);
      return text === null ? [] : [{ backend, text }];
    });
  }

  /** Takes back what `behave` has changed, and looks for the baseline. @throws {LabError} NOT_SUPPORTED while the backend is paused. */
  async restoreBehaviour(backend: BackendName): Promise<Observation> {
    return await this.#faults.inTurn(backend, async () => {
      await this.#tell(backend, 'heal-behaviour', { fault: null });
      this.#byHand.restore(backend);
      return await this.#faults.lookHealed(backend, `the behaviour of ${backend}`);
    });
  }

  /** Looks for the baseline of a host after something was healed there that is no fault. `what` names it. */
  async lookHealed(host: TargetName, what: string): Promise<Observation> {
    return await this.#faults.inTurn(host, () => this.#faults.lookHealed(host, what));
  }

  /** Does nothing where the backends speak no TLS: nothing there names a certificate. */
  async #giveCertificate(name: TargetName, kind: CertificateKind): Promise<void> {
    const pair = isBackend(name) ? this.certificates?.of(name, kind) : undefined;
    if (pair) await this.server(name).service.call('certificate', { kind, ...pair });
  }

  async #tell(backend: BackendName, command: string, args: object): Promise<Behaviour | undefined> {
    try {
      return await this.server(backend).service.call(command, args);
    } catch (error) {
      throw new LabError('NOT_SUPPORTED', `Could not change the behaviour of ${backend}: ${messageOf(error)}`, { cause: error });
    }
  }

  /**
   * Puts a fault in force and looks for its effect. A fault without effect is a doubt, not an error.
   * @throws {LabError} BAD_INPUT for an unknown fault, host or option.
   */
  apply(name: string, host: string, options: Readonly<Record<string, string | number>> = {}): Promise<AppliedFault> {
    return this.#faults.apply(name, host, options);
  }

  /** The faults in force, oldest first. */
  get inForce(): readonly AppliedFault[] {
    return this.#faults.all;
  }

  /** Captures every frame of the client's interface from here on. The frames' events go to the timeline. `limit` says how many frames are kept. */
  async startCapture(limit?: CaptureLimit): Promise<void> {
    // Loaded here, while the hosts' processes start: the DNS decoder takes 20 ms.
    const { startCapture } = await import('./capture.ts');
    this.#capture = await startCapture({
      client: this.topology.hosts.client,
      start: (path, args, onFrames) => this.processes.start('client', 'the capture', programArgv(this.network.runtime, path, ...args), { privileged: true, onFrames }),
      receive: (event) => { this.timeline.receive('client', event); },
      keyLog: this.#tls?.keyLog,
    }, limit);
  }

  /** The frames so far, and how many were lost; null where no capture was started. */
  get wire(): Captured | null {
    return this.#capture?.captured ?? null;
  }

  /** wire.pcapng with the frames so far; null where no capture was started. `comment` is about the whole file. */
  captureFile(comment: string): Buffer | null {
    const { wire: captured, timeline, topology } = this;
    return captured && captureFile({ captured, keyLog: this.#tls?.keyLog, events: timeline.events, topology, hostMs: (tMs) => timeline.hostMs(tMs), comment });
  }

  /** Waits until every event that has happened so far is on the timeline. */
  async settle(): Promise<void> {
    await this.processes.settle();
    for (const link of this.#links.values()) await link.sync();
    this.#captureDoubt = (await this.#capture?.sync()) ?? null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.processes.expectEnd();
    await this.network[Symbol.asyncDispose]();
  }

  #serverArgv(name: TargetName, listen?: readonly string[]): string[] {
    const { runtime } = this.network;
    if (name === 'dns') return dnsArgv(this.topology, this.#seed, runtime);
    return backendArgv(this.topology, name, this.#seed, { runtime, listen, certificate: this.certificates?.of(name, 'good') });
  }

  /** The link between a server's host and the segment. */
  #link(name: TargetName): Link {
    const known = this.#links.get(name);
    if (known) return known;
    const link = new Link({
      host: this.host(name),
      seed: `${this.#seed}:${name}`,
      startRelay: (options: RelayOptions) =>
        this.processes.start(name, `the link relay on ${name}`, programArgv(this.network.runtime, 'services/link/main.ts', JSON.stringify(options)), { privileged: true }),
      onTrouble: (by, reason) => { this.processes.reportTrouble(name, by === 'relay' ? 'the link relay' : by, reason); },
    });
    this.#links.set(name, link);
    return link;
  }
}
