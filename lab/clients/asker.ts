/** What both kinds of foreign clients come to: something that can be asked for a request. */
import type { RequestResult } from '../../client/requester.ts';
import type { Method } from '../run/scenario.ts';

export interface Asked {
  request: number;
  method: Method;
  url: string;
  /** The caller's own limit, which a client is told of where it can be. */
  timeoutMs: number | null;
  /** When the lab ends it. */
  limitMs: number;
}

export interface Asker {
  /** Starts what a request needs before it is made, so that the start is no part of the request. */
  prepare(): Promise<(asked: Asked) => Promise<RequestResult>>;
  /** Ends its processes, and with them its connections. */
  stop(): Promise<void>;
}

/** How the lab itself ends a request; no client's error looks like it. */
export function timedOut(limitMs: number): RequestResult {
  return { ok: false, error: 'TIMEOUT by the lab', causes: [`no result within ${limitMs} ms, so the lab ended the client's process`] };
}
