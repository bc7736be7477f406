/** Makes requests and reports every event from the start of a request to the caller's result. */
import { causeChain, rootCode } from './cause-chain.ts';
import { createLookup } from './resolvers.ts';
import { createTransport } from './transports.ts';
import type { Emit } from './emit.ts';
import { startTrace } from './trace.ts';
import type { ClientOptions } from './client-options.ts';

/** What the caller gets: the response, or an error code with the texts of all causes. */
export type RequestResult = { ok: true; /** Null if the client does not report it. */ status: number | null; body: string } | { ok: false; error: string; causes: string[] };

/**
 * Returns a function that makes one request. All its requests share one agent, and so its connections.
 * @throws {LabError} BAD_INPUT for an option that the transport does not have.
 */
export async function createRequester(options: ClientOptions, emit: Emit): Promise<(number: number, method: string, url: string) => Promise<RequestResult>> {
  // A client without TLS loads nothing of it.
  const trace = startTrace(emit, options.scheme === 'https' ? await import('./tls-trace.ts') : null);
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
