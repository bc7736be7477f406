/** The resolvers with which `lab skew` runs each cause: a client of the lab, and for our own client its options. */
import type { ClientOptions } from '../../client/client-options.ts';
import { firstAddressClient } from '../skew-common.ts';

export interface SkewResolver {
  summary: string;
  client: string;
  options?: Partial<ClientOptions>;
}

/** As firstAddressClient of the skew scenarios (scenarios/skew-common.ts). */
const { attemptDelayMs } = firstAddressClient;

export const skewResolvers = {
  'node-lookup': { summary: "Node's dns.lookup, which asks glibc's getaddrinfo", client: 'node-fetch', options: { resolver: 'lookup', attemptDelayMs } },
  'node-resolve': { summary: "Node's dns.resolve, which asks c-ares", client: 'node-fetch', options: { resolver: 'resolve', attemptDelayMs } },
  go: { summary: "Go's own resolver", client: 'go' },
  'go-cgo': { summary: "Go with glibc's getaddrinfo", client: 'go-cgo' },
  java: { summary: "Java's InetAddress, which asks glibc's getaddrinfo", client: 'java' },
  musl: { summary: "musl's getaddrinfo", client: 'musl' },
} satisfies Record<string, SkewResolver>;

export type SkewResolverName = keyof typeof skewResolvers;
export const skewResolverNames = Object.keys(skewResolvers) as SkewResolverName[];
