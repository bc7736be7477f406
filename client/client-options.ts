/** What can be set on our client: one table for its own command line, for `lab run`, and for scenarios. */
import { choice, family, integer, onOff, type Option, type OptionValues } from '../lab/vocabulary/options.ts';
import { textThat } from '../lab/vocabulary/values.ts';
import { isIP } from 'node:net';

/** `lookup` is libc's getaddrinfo, `resolve` is c-ares, an address is c-ares asking that server (S11). */
const resolver: Option<string> = {
  doc: 'who resolves names: lookup (libc), resolve (c-ares, servers of resolv.conf), or the address of a DNS server (c-ares)',
  default: 'lookup',
  kind: textThat('lookup, resolve or an IP address', (text) => text === 'lookup' || text === 'resolve' || isIP(text) > 0),
};

export const clientOptions = {
  transport: choice(['fetch', 'http'], 'fetch', 'fetch (undici, as built into Node) or http (node:http with an agent)'),
  resolver,
  family: family('0 asks for both families, 4 or 6 for one (S10)'),
  resultOrder: choice(['verbatim', 'ipv4first', 'ipv6first'], 'verbatim', 'the order in which answers of both families are tried'),
  autoSelectFamily: onOff(true, "try the next address when one is slow: Node's Happy Eyeballs"),
  attemptDelayMs: integer<number | null>(null, 10, "how long one attempt may take before the next address is tried; Node's own default if not set"),
  keepAlive: onOff(true, 'reuse connections'),
  connectTimeoutMs: integer<number | null>(null, 1, "how long connecting may take in all; fetch only, undici's default is 10 s"),
  timeoutMs: integer<number | null>(null, 1, 'how long a request may take in all, by AbortSignal.timeout'),
};

export type ClientOptions = OptionValues<typeof clientOptions>;
