/** The resolvers that can stand between the client and the DNS server. A new one is a file beside this one, a line here, and its host in lab/vocabulary/resolvers.ts. */
import type { ResolverName } from '../../lab/vocabulary/resolvers.ts';
import { dnsmasq } from './dnsmasq.ts';
import { nscd } from './nscd.ts';
import type { ResolverProgram } from './program.ts';
import { systemdResolved } from './systemd-resolved.ts';
import { unbound } from './unbound.ts';

export const resolverPrograms: Readonly<Record<ResolverName, ResolverProgram>> = { unbound, dnsmasq, 'systemd-resolved': systemdResolved, nscd };
