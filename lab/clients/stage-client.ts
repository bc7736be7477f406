/** A client as a scenario works with it, and what it is started with. */
import type { ProcessOutput } from 'zx';
import type { RequestResult } from '../../client/requester.ts';
import type { Host, Runtime } from '../network/drivers/driver.ts';
import type { Remote } from '../network/remote.ts';
import type { EmittedEvent, EventName, Payload } from '../vocabulary/events.ts';
import { printableFields } from '../vocabulary/printable.ts';

/**
 * A client may repeat GET and PUT by itself: GET is safe, PUT is idempotent. It may not repeat POST (RFC 9110 sections 9.2.1 and 9.2.2).
 */
export type Method = 'GET' | 'PUT' | 'POST';

/** The result of a request, and the address that answered, according to the witnesses (lab/analysis/answerer.ts). Null if none did. */
export type AddressedResult = RequestResult & { address: string | null };

/** A client that has started. Its requests are numbered from 1 over the whole run. */
export interface StageClient {
  /** Makes one request, and resolves at its end. The URL is the lab's if none is given. A request that fails is a result, not an error. */
  request(method: Method, url?: string): Promise<AddressedResult>;
  /** The same with GET. */
  get(url?: string): Promise<AddressedResult>;
  /** Runs any command on the client's host, by zx: ``await client.$`curl -s ${url}` ``. */
  $(pieces: TemplateStringsArray, ...args: unknown[]): Promise<ProcessOutput>;
  /** Ends the client, and with it its connections. */
  stop(): Promise<void>;
}

/** What a client needs for TLS. */
export interface ClientTls {
  /** The file with the certificate of the lab's CA (PEM), on the client's host. */
  caFile: string;
  /** The certificate itself. */
  ca: string;
}

/** What a client needs of the run that it is part of. */
export interface ClientContext {
  /** The client's host. */
  host: Host;
  /** Where a client that is not ours runs: on the client's host, or in a container from another image in its place. */
  externalHost: Host;
  runtime: Runtime;
  /** The driver of the lab, and the image that a client that is not ours runs from, if it is not the lab's own. */
  driver: string;
  image: string | undefined;
  /** The URL that a client asks for if none is given. */
  url: string;
  /** What a client needs to trust the backends. Null where they speak no TLS. */
  tls: ClientTls | null;
  /** The folder on its host in which a client that is not ours runs. It is empty at first, and gone with the lab. */
  folder: string;
  /** Starts a program of this project on the client's host. */
  startProgram(title: string, path: string, options: { env?: Readonly<Record<string, string>>; args: readonly string[] }): Promise<Remote>;
  /** Puts an event of the lab on the timeline. */
  record<Name extends EventName>(event: Name, payload: Payload<Name>): void;
  /** Puts an event that the client wrote on the timeline. */
  receive(event: EmittedEvent): void;
  /** Tells of something unexpected: the verdict is unknown then. */
  reportTrouble(title: string, reason: string): void;
  /** The address that answered a request. Waits until the witnesses have told what has happened so far. */
  answeredFrom(request: number): Promise<string | null>;
  /** The number of the next request. Requests are numbered over the whole run, so that the events of two clients cannot be confused. */
  nextNumber(): number;
}

/** The longest text of a result. A client can write anything, and a scenario's checks show what it wrote. */
const longestText = 4_000;

/** The result of a request as a scenario gets it. */
export async function witnessed(context: ClientContext, request: number, result: RequestResult): Promise<AddressedResult> {
  return { ...printableFields(result, longestText), address: result.ok ? await context.answeredFrom(request) : null };
}
