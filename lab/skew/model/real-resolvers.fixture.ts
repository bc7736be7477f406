/**
 * Runs inside a network namespace, beside a resolv.conf that names 127.0.0.1. Reads one JSON line: the programs, and the cases. Gives the host the
 * addresses of each case, answers its DNS queries, and lets each program look all names of the case up. Writes one JSON line: the outputs.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { text } from 'node:stream/consumers';
import ipaddr from 'ipaddr.js';
import { parseDnsPacket } from '../../vocabulary/dns-packet.ts';

export interface Case {
  /** The addresses of the host, in this order. */
  client: string[];
  /** For each name its addresses, in the order of DNS: first the A answer, then the AAAA answer. */
  names: string[][];
}

export interface Task {
  programs: Record<string, string[]>;
  cases: Case[];
}

/** For each case and program the addresses of each name. */
export type Outcome = Record<string, string[][]>[];

let zone: string[][] = [];

/** Answers with the addresses of the name `n<index>`. Both sections begin behind the header of 12 bytes (RFC 1035 section 4.1). */
function answer(query: Buffer): Buffer {
  const [question] = parseDnsPacket(query).questions;
  const { name = '', type = 0 } = question ?? {};
  const family = { 1: 4, 28: 6 }[type];
  const addresses = (zone[Number(/^n(\d+)\./.exec(name)?.[1])] ?? []).filter((address) => isIP(address) === family);
  const header = Buffer.alloc(12);
  header.writeUInt16BE(query.readUInt16BE(0), 0);
  header.writeUInt16BE(0x8580, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  const records = addresses.map((address) => {
    const bytes = Buffer.from(ipaddr.parse(address).toByteArray());
    const record = Buffer.from('c00c0000000100000000', 'hex');
    record.writeUInt16BE(type, 2);
    return Buffer.concat([record, Buffer.from([0, bytes.length]), bytes]);
  });
  // A name of n labels takes its characters, a length for each label, and the 0 at its end.
  return Buffer.concat([header, query.subarray(12, 12 + name.length + 2 + 4), ...records]);
}

function ip(...commands: string[]): void {
  execFileSync('ip', ['-batch', '-'], { input: `${commands.join('\n')}\n`, stdio: ['pipe', 'ignore', 'inherit'] });
}

async function look(argv: readonly string[], count: number): Promise<string[][]> {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(Array.from({ length: count }, (_, index) => `n${index}.lab.test.\n`).join(''));
  return (await text(child.stdout)).trimEnd().split('\n').map((line) => line.trim().split(' '));
}

async function main(): Promise<void> {
  const { programs, cases } = JSON.parse(await text(process.stdin)) as Task;
  const socket = createSocket('udp4').bind(53, '127.0.0.1');
  socket.on('message', (query, { port, address }) => { socket.send(answer(query), port, address); });
  await once(socket, 'listening');
  const outcome: Outcome = [];
  for (const { client, names } of cases) {
    zone = names;
    const isRouted = (family: 4 | 6): boolean => client.some((each) => isIP(each.split('/')[0] ?? '') === family && !each.startsWith('fe80:'));
    ip(
      'link add eth0 type veth peer name peer0', 'link set eth0 addrgenmode none', 'link set peer0 addrgenmode none', 'link set eth0 up', 'link set peer0 up',
      ...client.map((each) => `address add ${each} dev eth0${each.includes(':') ? ' nodad' : ''}`),
      ...([4, 6] as const).filter(isRouted).map((family) => `route add ${family === 4 ? '0.0.0.0/0' : '::/0'} dev eth0`),
    );
    const outputs = await Promise.all(Object.entries(programs).map(async ([name, argv]) => [name, await look(argv, names.length)] as const));
    outcome.push(Object.fromEntries(outputs));
    ip('link del eth0');
  }
  socket.close();
  console.log(JSON.stringify(outcome));
}

void main();
