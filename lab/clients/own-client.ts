/** Starts our own client on the client's host. */
import type { ClientOptions } from '../../client/client-options.ts';
import type { RequestResult } from '../../client/requester.ts';
import { witnessed, type ClientContext, type StageClient } from './stage-client.ts';

export async function startOwnClient(context: ClientContext, options: ClientOptions, requestLimitMs: number): Promise<Pick<StageClient, 'request' | 'stop'>> {
  // The lab decides what its backends speak. The client loads what it needs to trace TLS if it knows that.
  const words = Object.entries({ ...options, scheme: context.tls ? 'https' : 'http' } satisfies ClientOptions).flatMap(([key, value]) => (value === null ? [] : [`${key}=${typeof value === 'boolean' ? onOff(value) : value}`]));
  const remote = await context.startProgram('the client', 'client/main.ts', { ...(context.tls && { env: { LAB_CA_FILE: context.tls.caFile } }), args: [...words, '--control'] });
  return {
    request: async (method, url = context.url) => {
      const number = context.nextNumber();
      return await witnessed(context, number, await remote.call<RequestResult>('request', { number, method, url }, requestLimitMs));
    },
    stop: async () => {
      remote.expectExit();
      await remote.process.signal('SIGTERM');
      await remote.process.exited;
    },
  };
}

function onOff(on: boolean): string {
  return on ? 'on' : 'off';
}
