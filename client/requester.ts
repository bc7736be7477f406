/** Makes requests and reports every event from the start of a request to the caller's result. */
import { inspect } from 'node:util';
import { createLookup } from './resolvers.ts';
import { createTransport } from './transports.ts';
import { startTrace, type Emit } from './trace.ts';
import type { ClientOptions } from './client-options.ts';

/** What the caller gets: the response, or an error code with the texts of all causes. */
export type RequestResult = { ok: true; /** Null if the client does not report it. */ status: number | null; body: string } | { ok: false; error: string; causes: string[] };

/**
 * Returns a function that makes one request. All its requests share one agent, and so its connections.
 * @throws {LabError} BAD_INPUT for an option that the transport does not have.
 */
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

/** Returns the text of every error in the chain, outermost first: the members of an AggregateError, then its cause. */
export function causeChain(error: unknown): string[] {
  if (error === undefined) return [];
  if (!(error instanceof Error)) return [inspect(error)];
  const { code } = error as NodeJS.ErrnoException;
  const text = [error.name === 'Error' || error.message.startsWith(error.name) ? '' : error.name, error.message || code || ''].filter(Boolean).join(': ');
  const inner = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return [text, ...inner.flatMap(causeChain), ...causeChain(error.cause)];
}

/** Returns the code of the innermost error, which is the most specific one, or its name if it has no code. */
function rootCode(error: unknown): string {
  if (!(error instanceof Error)) return inspect(error);
  const inner = error.cause === undefined ? '' : rootCode(error.cause);
  const { code } = error as { code?: unknown };
  // A DOMException has a legacy number as its code (23 for TimeoutError), so its name is used.
  return inner || (typeof code === 'string' ? code : '') || (error.cause === undefined ? error.name : '');
}
