/** Lines of the client's resolv.conf(5), and what the lab reads from them. */
import { nameserver } from './topology.ts';

/**
 * Returns the lines of the client's resolv.conf: `own`, the scenario's, and after them `given`, those of the command line. Of two `search` lines,
 * and of two values of an option, a resolver takes the later one (resolv.conf(5)). Without a name server, the lab's own comes first. Undefined
 * if there are no lines: then the client has the same file as all hosts.
 */
export function resolvConfOf(own: readonly string[] | undefined, given: readonly string[]): readonly string[] | undefined {
  if (own === undefined && given.length === 0) return undefined;
  const lines = [...(own ?? []), ...given];
  return nameserversIn(lines).length > 0 ? lines : [nameserver, ...lines];
}

/** Returns the addresses of the name servers. */
export function nameserversIn(lines: readonly string[]): string[] {
  return lines.flatMap((line) => (line.startsWith('nameserver ') ? line.split(' ').slice(1) : []));
}

/** Returns the suffixes that a resolver appends to a name: those of the last `search` or `domain` line, in lower case and without the dot at the end. */
export function searchListOf(lines: readonly string[]): string[] {
  const last = lines.findLast((line) => /^(search|domain) /.test(line));
  return (last?.split(' ').slice(1) ?? []).map((name) => name.toLowerCase().replace(/\.$/, '')).filter((name) => name !== '');
}
