/** One request from its start to what the caller gets, with every event in between. */
import { inspect } from 'node:util';
import { createLookup } from './resolvers.ts';
import { createTransport } from './transports.ts';
import { startTrace, type Emit } from './trace.ts';
import type { ClientOptions } from './client-options.ts';

export type RequestResult = { ok: true; /** Null where the client does not tell. */ status: number | null; body: string } | { ok: false; error: string; causes: string[] };

/** A client that keeps its agent, and so its connections, from one request to the next. */
export function createRequester(options: ClientOptions, emit: Emit): (number: number, method: string, url: string) => Promise<RequestResult> {
  const trace = startTrace(emit);
  const transport = createTransport(options, createLookup(options, trace.lookupRecord(options.resolver)));
  return (request, method, url) =>
    trace.run(request, async () => {
      emit('client:request', { request, method, url });
      try {
        const response = await transport(method, url, options.timeoutMs === null ? null : AbortSignal.timeout(options.timeoutMs));
        emit('client:response-start', { request, status: response.status });
        const body = await response.body();
        emit('client:response', { request, status: response.status, body: body.trimEnd() });
        return { ok: true, status: response.status, body };
      } catch (error) {
        const causes = causeChain(error);
        const code = rootCode(error);
        emit('client:error', { request, code, causes });
        return { ok: false, error: code, causes };
      }
    });
}

/** Every error the caller could dig out, outermost first: causes, and the members of an AggregateError. */
export function causeChain(error: unknown): string[] {
  if (error === undefined) return [];
  if (!(error instanceof Error)) return [inspect(error)];
  const { code } = error as NodeJS.ErrnoException;
  const text = [error.name === 'Error' || error.message.startsWith(error.name) ? '' : error.name, error.message || code || ''].filter(Boolean).join(': ');
  const inner = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return [text, ...inner.flatMap(causeChain), ...causeChain(error.cause)];
}

/** The most telling code of the chain: the innermost one there is. */
function rootCode(error: unknown): string {
  if (!(error instanceof Error)) return inspect(error);
  const inner = error.cause === undefined ? '' : rootCode(error.cause);
  const { code } = error as { code?: unknown };
  // A DOMException's code is a number of old (23 for TimeoutError); its name says it.
  return inner || (typeof code === 'string' ? code : '') || (error.cause === undefined ? error.name : '');
}
