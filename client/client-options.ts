/** The options of our client. One table serves the client's own command line, `lab run` and the scenarios. */
import { choice, family, milliseconds, onOff, type Option, type OptionValues } from '../lab/vocabulary/options.ts';
import { httpVersions, schemes, type HttpVersion } from '../lab/vocabulary/topology.ts';
import { expectedOf, oneOf, orNull, textThat } from '../lab/vocabulary/values.ts';
import { isIP } from 'node:net';

/** `lookup` is libc's getaddrinfo. `resolve` is c-ares. An address means c-ares with that DNS server (S11). */
const resolver: Option<string> = {
  doc: 'the resolver: lookup (libc), resolve (c-ares with the servers of resolv.conf), or the address of a DNS server (c-ares)',
  default: 'lookup',
  kind: textThat('lookup, resolve or an IP address', (text) => text === 'lookup' || text === 'resolve' || isIP(text) > 0),
};

const httpVersion = oneOf(httpVersions);
const http: Option<HttpVersion | null> = {
  doc: 'the version of HTTP; 2 needs scheme=https. If not set, what the client does by itself',
  default: null,
  kind: orNull(httpVersion, expectedOf(httpVersion)),
};

export const clientOptions = {
  transport: choice(['fetch', 'http'], 'fetch', 'how requests are made: fetch (undici, as built into Node) or http (node:http with an agent)'),
  resolver,
  family: family('0 asks DNS for both families; 4 or 6 asks for that family only (S10)'),
  resultOrder: choice(['verbatim', 'ipv4first', 'ipv6first'], 'verbatim', 'the order in which the addresses of both families are tried'),
  autoSelectFamily: onOff(true, "try the next address when an attempt is slow (Node's Happy Eyeballs)"),
  attemptDelayMs: milliseconds<number | null>(null, 10, "how long one attempt may take before the next address is tried; if not set, Node's default"),
  keepAlive: onOff(true, 'reuse connections'),
  connectTimeoutMs: milliseconds<number | null>(null, 1, "how long connecting may take in total (fetch only; undici's default is 10 s)"),
  timeoutMs: milliseconds<number | null>(null, 1, 'how long a request may take in total (AbortSignal.timeout)'),
  scheme: choice(schemes, 'http', 'http, or https: the backends of the lab then speak TLS (docs/tls.md)'),
  http,
};

/** The values of these options. */
export type ClientOptions = OptionValues<typeof clientOptions>;
