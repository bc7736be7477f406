/** The processes of a lab: each is started on a host, speaks the control protocol, and writes its events onto the timeline. */
import pLimit from 'p-limit';
import { availableParallelism } from 'node:os';
import { LabError } from '../vocabulary/errors.ts';
import type { Network, StartOptions } from '../network/drivers/driver.ts';
import { Remote, type Listeners } from '../network/remote.ts';
import { withinLimit } from '../vocabulary/limits.ts';
import { printableLines } from '../vocabulary/printable.ts';
import type { HostName } from '../vocabulary/topology.ts';
import type { Timeline } from './timeline.ts';

/** Starting a process takes some 0.1 s. A process that needs longer than this hangs. */
const readyLimitMs = 20_000;
const pingLimitMs = 1_000;
/**
 * While a lab comes up, as many processes start at a time as there are cores, in all labs of this command together. A start is work for a core. Ten at a
 * time on two cores would be ready no sooner, and would hold up every lab that measures meanwhile. (p-limit: a queue with a limit.)
 */
const inTurn = pLimit(availableParallelism());

export interface ProcessOptions extends StartOptions, Listeners {}

export class Processes {
  /** Processes that ended unexpectedly, or wrote lines that are not part of the protocol, and hosts that were changed from outside: with one of these the verdict is unknown. */
  readonly doubts: string[] = [];
  /** Whether something outside the lab has changed a host. */
  isDisturbed = false;
  readonly #network: Network;
  readonly #timeline: Timeline;
  readonly #remotes: Remote[] = [];
  #isEnding = false;

  constructor(network: Network, timeline: Timeline) {
    this.#network = network;
    this.#timeline = timeline;
    network.onDisturbance?.((host, reason) => {
      this.isDisturbed = true;
      this.reportTrouble(host, `the container of ${host}`, reason);
    });
  }

  /**
   * Starts a process, and resolves when it is ready. `title` names it in messages. What starts during a run, such as a server after it was stopped, does not
   * wait for the labs that come up meanwhile.
   * @throws {LabError} PROCESS_EXITED or TIME_LIMIT when it does not become ready, or when the lab ends before its turn.
   */
  start(host: HostName, title: string, argv: readonly string[], options: ProcessOptions = {}): Promise<Remote> {
    const start = (): Promise<Remote> => this.#start(host, title, argv, options);
    return this.#timeline.isStarted ? start() : inTurn(start);
  }

  async #start(host: HostName, title: string, argv: readonly string[], { onFrames, onSecret, ...options }: ProcessOptions): Promise<Remote> {
    if (this.#isEnding) throw new LabError('PROCESS_EXITED', `${title} was not started, because the lab ends`);
    const hostProcess = await this.#network.host(host).start(argv, options);
    const remote = new Remote(title, hostProcess, (event) => { this.#timeline.receive(host, event); }, (reason) => { this.reportTrouble(host, title, reason); }, { ...(onFrames && { onFrames }), ...(onSecret && { onSecret }) });
    await withinLimit(`The start of ${title}`, readyLimitMs, remote.ready);
    this.#remotes.push(remote);
    return remote;
  }

  /** Tells of a process that did something unexpected. The verdict is unknown then. */
  reportTrouble(host: HostName, title: string, reason: string): void {
    if (this.#isEnding) return;
    this.#timeline.add(host, 'lab:process-trouble', { process: title, reason });
    this.doubts.push(printableLines(`${title} ${reason}`));
  }

  /**
   * Waits until every event that the processes have written is on the timeline. A process that is paused or gone has none left. Returns whether
   * all processes are there and have answered.
   */
  async settle(): Promise<boolean> {
    const answered = await Promise.all(
      this.#remotes.map(async (remote) => {
        const state = await remote.process.state();
        return state !== null && state !== 'T' && (await remote.call('ping', {}, pingLimitMs).then(() => true, () => false));
      }),
    );
    return answered.every(Boolean);
  }

  /** From here on the lab itself ends the processes. */
  expectEnd(): void {
    this.#isEnding = true;
  }
}
