/**
 * Runs inside a network namespace, beside a resolv.conf that names 127.0.0.1. Reads one JSON line: the programs, and the cases. Gives the host the
 * addresses of each case, answers its DNS queries, and lets each program look all names of the case up. Writes one JSON line: the outputs.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { text } from 'node:stream/consumers';
import { classIn, types, writeMessage } from '../../../services/dns/message.ts';
import { addressBytes } from '../../../services/dns/records.ts';
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

/** Answers with the addresses of the name `n<index>`, as an authoritative server: QR, AA, RD, RA. */
function answer(query: Buffer): Buffer {
  const { id, questions: [question] } = parseDnsPacket(query);
  if (!question) throw new Error('a query without a question');
  const { name, type } = question;
  const family = { [types.A]: 4, [types.AAAA]: 6 }[type];
  const addresses = (zone[Number(/^n(\d+)\./.exec(name)?.[1])] ?? []).filter((address) => isIP(address) === family);
  return writeMessage({
    id, flags: 0x8580, question: { name, type, class: classIn }, authorities: [], additionals: [],
    answers: addresses.map((address) => ({ name, type, class: classIn, ttl: 0, write: (writer) => { writer.raw(addressBytes(address)); } })),
  });
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
