/** What an external client, one that is not ours, must be able to do: make one request after another. */
import type { RequestResult } from '../../client/requester.ts';
import type { Method } from './stage-client.ts';

export interface ClientRequest {
  number: number;
  method: Method;
  url: string;
  /** The caller's own limit. A client that can be told it is told. */
  timeoutMs: number | null;
  /** The lab ends the request after this time. */
  limitMs: number;
}

export interface ExternalClient {
  /** Starts what the next request needs, so that a process' start is not part of the request. */
  prepare(): Promise<PreparedClient>;
  /** Ends its processes, and with them its connections. */
  stop(): Promise<void>;
}

export interface PreparedClient {
  /** Makes the request. */
  request(request: ClientRequest): Promise<RequestResult>;
  /** How long the lab waited in vain for the process to say that it is ready. Set for the first request after that wait. */
  notReadyMs?: number;
}

/** The result of a request that the lab ended. No client's error looks like it. */
export function timedOut(limitMs: number): RequestResult {
  return { ok: false, error: 'TIMEOUT by the lab', causes: [`no result within ${limitMs} ms, so the lab ended the client's process`] };
}
