/** Machines as a dimension: what was measured on two kernels is two columns, never one median. */
import type { Header, ShardFile } from './result-lines.ts';

/** How a fact of a machine stands in a name. */
const facets: readonly { of: (header: Header, client: string) => string; text: (value: string) => string }[] = [
  { of: (header, client) => header.clients.find(({ name }) => name === client)?.version ?? '', text: (value) => (value === '' ? '' : `version ${value}`) },
  { of: ({ kind }) => kind.system, text: (value) => value },
  { of: ({ kind }) => kind.kernel, text: (value) => `kernel ${value}` },
  { of: ({ kind }) => kind.libc, text: (value) => value },
  { of: ({ kind }) => kind.driver, text: (value) => `${value} driver` },
];

/** Returns what names a client, or a scenario, on each machine: `curl`, or where machines differ `curl · kernel 6.1.0`. Only what differs between them is said. */
export function columnNames(headers: readonly Header[]): (name: string, client: string, header: Header) => string {
  const known = new Map<string, typeof facets>();
  const differingFor = (client: string): typeof facets => {
    const own = headers.filter(({ clients }) => clients.length === 0 || clients.some(({ name, version }) => name === client && version !== null));
    return facets.filter(({ of }) => new Set(own.map((header) => of(header, client))).size > 1);
  };
  return (name, client, header) => {
    const differing = known.get(client) ?? differingFor(client);
    known.set(client, differing);
    const words = differing.map(({ of, text }) => text(of(header, client))).filter((word) => word !== '');
    return words.length === 0 ? name : `${name} · ${words.join(', ')}`;
  };
}

/** The facts of all machines: one value where they agree, otherwise the first few values, with bars between them. */
export function commonFacts(files: readonly Pick<ShardFile, 'header' | 'end'>[]): Record<string, string> {
  const all = files.map(({ header, end }) => ({ ...header.facts, ...end?.facts }));
  const names = [...new Set(all.flatMap((facts) => Object.keys(facts)))];
  return Object.fromEntries(names.map((name) => {
    const values = [...new Set(all.flatMap((facts) => facts[name] ?? []))];
    return [name, [...values.slice(0, mostValues), ...(values.length > mostValues ? [`and ${values.length - mostValues} more`] : [])].join(' | ')];
  }));
}

const mostValues = 3;
