/** Reads names, a line each, and writes the addresses of each name: in an order of dns.lookup, or (`resolve`) those of resolve6 and resolve4. */
import { Resolver, lookup } from 'node:dns/promises';
import { createInterface } from 'node:readline';

const order = process.argv[2] as 'verbatim' | 'ipv4first' | 'ipv6first' | 'resolve';
const resolver = new Resolver();

function none(error: NodeJS.ErrnoException): string[] {
  if (error.code !== 'ENODATA') throw error;
  return [];
}

async function addressesOf(name: string): Promise<string[]> {
  if (order === 'resolve') return [...(await resolver.resolve6(name).catch(none)), ...(await resolver.resolve4(name).catch(none))];
  return (await lookup(name, { all: true, order })).map(({ address }) => address);
}

async function main(): Promise<void> {
  for await (const name of createInterface({ input: process.stdin })) console.log((await addressesOf(name)).join(' '));
}

void main();
