/** Lookup functions for net.connect that report every call. */
import { createHook } from 'node:async_hooks';
import dns, { lookup, Resolver, type LookupAddress, type LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { ClientOptions } from './client-options.ts';

/** Receives the start and the result of one lookup. `coalesced`: the lookup made no request and shared the answer of another lookup. */
export interface LookupRecord {
  onStart(name: string, family: number): void;
  onDone(result: { addresses: string[]; error?: string; coalesced: boolean }): void;
}

/** Returns the lookup function for net.connect, which uses libc or c-ares. For each lookup it calls `record` and reports to the returned LookupRecord. */
export function createLookup({ resolver, resultOrder }: Pick<ClientOptions, 'resolver' | 'resultOrder'>, record: () => LookupRecord): LookupFunction {
  const resolve = resolver === 'lookup' ? libcLookup(resultOrder) : caresLookup(resolver, resultOrder);
  return (name, options, callback) => {
    const { onStart, onDone } = record();
    onStart(name, familyNumber(options.family));
    let coalesced = false;
    const queries = countResolverRequests(() => {
      resolve(name, options, (error, addresses) => {
        onDone({ addresses: addresses.map(({ address }) => address), coalesced, ...(error ? { error: error.code ?? error.message } : {}) });
        if (error) callback(error, []);
        else if (options.all) callback(null, addresses);
        else callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
      });
    });
    coalesced = queries === 0;
  };
}

type Resolve = (name: string, options: LookupOptions, callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void) => void;

function libcLookup(order: ClientOptions['resultOrder']): Resolve {
  return (name, options, callback) => {
    lookup(name, { ...options, order, all: true }, (error, addresses) => {
      callback(error, error ? [] : addresses);
    });
  };
}

/**
 * Calls dns.resolve4 and dns.resolve6 at the same time, as a program does to avoid libc and its thread pool.
 * c-ares' resolve never sorts: the addresses of each family are in the server's order. `verbatim` puts IPv6 first, as RFC 6724's default policy does.
 */
function caresLookup(server: string, order: ClientOptions['resultOrder']): Resolve {
  const resolver = new Resolver();
  if (server !== 'resolve') resolver.setServers([server.includes(':') ? `[${server}]` : server]);
  return (name, options, callback) => {
    const only = familyNumber(options.family);
    const wanted = ([6, 4] as const).filter((family) => only === 0 || only === family);
    if (order === 'ipv4first') wanted.reverse();
    const answers = wanted.map(
      (family) =>
        new Promise<LookupAddress[]>((resolve, reject) => {
          resolver[family === 4 ? 'resolve4' : 'resolve6'](name, (error, addresses) => {
            // A family without records is not an error if the other family has records.
            if (error && error.code !== dns.NODATA) reject(error);
            else resolve(error ? [] : addresses.map((address) => ({ address, family })));
          });
        }),
    );
    void Promise.all(answers).then(
      (families) => {
        const addresses = families.flat();
        if (addresses.length > 0) callback(null, addresses);
        else callback(Object.assign(new Error(`no address for ${name}`), { code: dns.NODATA }), []);
      },
      (error: unknown) => {
        callback(error as NodeJS.ErrnoException, []);
      },
    );
  };
}

/** Returns how many requests `call` makes to libc or c-ares, counted by Node's async handles. 0 means that the lookup shared an answer. */
function countResolverRequests(call: () => void): number {
  let requests = 0;
  const hook = createHook({
    init: (_id, type) => {
      if (type === 'GETADDRINFOREQWRAP' || type === 'QUERYWRAP') requests++;
    },
  }).enable();
  call();
  hook.disable();
  return requests;
}

function familyNumber(family: LookupOptions['family']): number {
  return family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : (family ?? 0);
}
