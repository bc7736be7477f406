/** The DNS server with broken and with random messages: each gets an answer that is right, or an error, and the server goes on. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Packet } from 'dns2';
import { expect, onTestFinished, test } from 'vitest';
import { fuzz, type Dice } from '../../lab/testing/fuzz.ts';
import { nodeArgv } from '../../lab/network/programs.ts';
import { describeWith, freePort, localProcess } from '../../lab/testing/testing.ts';
import { netns } from '../../lab/network/drivers/netns.ts';
import { Remote } from '../../lab/network/remote.ts';
import { startLab } from '../../lab/run/lab.ts';
import { Timeline } from '../../lab/run/timeline.ts';
import { rcodeNames } from '../../lab/vocabulary/rcodes.ts';
import { encodeResponse, parseQuery, resolve, type Query } from './answer.ts';
import { encodeName, header, query, readResponse, words } from './ask-server.ts';
import type { DnsServerOptions } from './main.ts';
import { classIn, types, writeMessage, type Resource } from './message.ts';
import { addressBytes } from './records.ts';
import { noEffect, type Effect } from './rules.ts';
import { Zone } from './zone.ts';

const records = [11, 12, 13].flatMap((last) => [
  { name: 'web.lab.test', type: 'A' as const, address: `198.51.100.${last}` },
  { name: 'web.lab.test', type: 'AAAA' as const, address: `2001:db8:1::${last}` },
]).concat(Array.from({ length: 100 }, (_, index) => ({ name: 'many.lab.test', type: 'A' as const, address: `198.51.100.${index}` })));
const names = ['web.lab.test', 'many.lab.test', 'WEB.LAB.TEST', 'lab.test', 'nobody.lab.test', 'a.web.lab.test', 'test', '', 'example.org', `${'x'.repeat(63)}.${'y'.repeat(63)}.lab.test`];

/** A name: labels, and now and then a pointer, or something that is no name. */
function drawName(dice: Dice): Buffer {
  if (dice.chance(70)) return encodeName(dice.oneOf(names));
  const labels = dice.some(5, () => { const label = dice.bytes(dice.oneOf([3, 63])); return Buffer.concat([Buffer.from([label.length]), label]); });
  return Buffer.concat([...labels, dice.chance(60) ? Buffer.from([0]) : Buffer.from([0xc0 | dice.below(2), dice.below(256)])]);
}

/** A message: a header whose counts are often right, questions, records, and EDNS options. A third of them have mistakes. */
function drawMessage(dice: Dice): Buffer {
  const question = (): Buffer => Buffer.concat([drawName(dice), words(dice.oneOf([1, 28, 6, 2, 15, 255, 65, 41]), dice.oneOf([1, 1, 1, 3, 255]))]);
  const record = (): Buffer => {
    const data = dice.chance(50) ? Buffer.concat(dice.some(3, () => { const option = dice.bytes(20); return Buffer.concat([words(dice.below(12), option.length), option]); })) : dice.bytes(30);
    return Buffer.concat([dice.chance(60) ? Buffer.from([0]) : drawName(dice), words(dice.oneOf([41, 41, 1, 28, 5]), dice.oneOf([0, 512, 1232, 65_535]), dice.below(65_536) * (dice.chance(20) ? 1 : 0), 0, data.length), data]);
  };
  const [questions, additionals] = [dice.chance(90) ? [question()] : dice.some(3, question), dice.chance(50) ? [record()] : dice.some(2, record)];
  const counts: [number, number, number, number] = [questions.length, 0, 0, additionals.length];
  if (dice.chance(5)) counts[dice.below(4)] = dice.oneOf([0, 1, 2, 65_535]);
  const message = Buffer.concat([header(dice.below(65_536), dice.chance(70) ? 0x0100 : dice.below(65_536), counts), ...questions, ...additionals]);
  return dice.chance(30) ? dice.mutated(message) : dice.chance(3) ? dice.bytes(100) : message;
}

function drawEffect(dice: Dice): Effect {
  return {
    ...noEffect,
    rcode: dice.chance(10) ? dice.oneOf(rcodeNames) : null, nodata: dice.chance(10), truncate: dice.chance(10) ? dice.below(40) : null, wrongId: dice.chance(10),
    aa: dice.oneOf([null, true, false]), ra: dice.oneOf([null, true, false]), soa: dice.oneOf([null, true, false]),
    ttlS: dice.chance(20) ? dice.oneOf([0, 1, 2 ** 31 - 1]) : null, cnames: dice.chance(20) ? dice.below(17) : 0, insert: dice.chance(20) ? ['198.51.100.99', '2001:db8::99'] : [],
  };
}

fuzz('DNS answers', {
  inputs: 30_000,
  accepted: 35,
  make: (dice) => {
    const zone = new Zone({ domain: 'lab.test', seed: '1', records });
    zone.aaaa = dice.chance(70);
    zone.ttlS = dice.oneOf([0, 60, 2 ** 31 - 1]);
    for (const link of [...zone.chains.A, ...zone.chains.AAAA]) link.on = dice.chance(50);
    return { message: drawMessage(dice), zone, effect: drawEffect(dice), transport: dice.oneOf(['udp', 'tcp'] as const) };
  },
  check: ({ message, zone, effect, transport }) => {
    let asked: Query;
    try {
      asked = parseQuery(message);
    } catch (error) {
      expect((error as Error).constructor, String(error)).toBe(Error);
      return false;
    }
    const { bytes, truncated, addresses } = encodeResponse(asked, resolve(asked, zone, '198.51.100.200', effect), zone, transport);
    // An independent reader finds every record, and nothing behind the last one.
    const answer = readResponse(bytes);
    expect(answer.id).toBe(message.readUInt16BE(0) ^ (effect.wrongId ? 1 : 0));
    expect(answer.tc).toBe(truncated);
    expect(answer.answers.filter(({ type }) => type === 1 || type === 28)).toHaveLength(addresses.length);
    expect(answer.rd).toBe((message.readUInt16BE(2) & 0x0100) > 0);
    expect(bytes.readUInt16BE(2) & 0xf800).toBe(0x8000 | (message.readUInt16BE(2) & 0x7800));
    // The question is repeated byte for byte. The first name of a message has no pointer.
    const questionEnd = 12 + encodeName(asked.name).length + 4;
    expect(bytes.subarray(12, questionEnd).toString('hex')).toBe(message.subarray(12, questionEnd).toString('hex'));
    expect(bytes.length).toBeLessThanOrEqual(transport === 'tcp' ? 65_535 : asked.edns ? Math.min(asked.edns.payloadBytes, 1232) : 512);
    for (const { type, data } of answer.answers) if (type === 1 || type === 28) expect(data).toHaveLength(type === 1 ? 4 : 16);
    expect(answer.additionals.map(({ type }) => type)).toEqual(asked.edns ? [41] : []);
    return true;
  },
});

/** Names that share ends, in both cases, and with bytes above 127. A label has at least one character. */
const drawText = (dice: Dice): string => dice.some(3, () => dice.oneOf(['web', 'lab', 'LAB', 'test', 'cname-1', 'x'.repeat(63), 'd\u00fcsseldorf'])).join('.');

function drawResource(dice: Dice): { ours: Resource; theirs: object } {
  const [name, other, ttl, number] = [drawText(dice), drawText(dice), dice.oneOf([0, 60, 2 ** 31 - 1]), dice.below(2 ** 31)];
  const [ipv4, ipv6] = [Array.from({ length: 4 }, () => dice.below(256)).join('.'), dice.oneOf(['::', '::1', '1::', '2001:db8:1::11', 'fe80::abcd:0:1', '1:2:3:4:5:6:7:8'])];
  const head = { name, class: classIn, ttl };
  const soa = { primary: name, admin: other, serial: number, refresh: 1, retry: 2, expiration: 3, minimum: ttl };
  return dice.oneOf<{ ours: Resource; theirs: object }>([
    { ours: { ...head, type: types.A, write: (writer) => { writer.raw(addressBytes(ipv4)); } }, theirs: { ...head, type: types.A, address: ipv4 } },
    { ours: { ...head, type: types.AAAA, write: (writer) => { writer.raw(addressBytes(ipv6)); } }, theirs: { ...head, type: types.AAAA, address: ipv6 } },
    { ours: { ...head, type: types.CNAME, write: (writer) => { writer.name(other); } }, theirs: { ...head, type: types.CNAME, domain: other } },
    { ours: { ...head, type: types.NS, write: (writer) => { writer.name(other); } }, theirs: { ...head, type: types.NS, ns: other } },
    {
      ours: { ...head, type: types.SOA, write: (writer) => { writer.name(name); writer.name(other); for (const word of [number, 1, 2, 3, ttl]) writer.long(word); } },
      theirs: { ...head, type: types.SOA, ...soa },
    },
    { ours: { ...head, type: types.OPT, class: 1232, write: () => undefined }, theirs: { ...head, type: types.OPT, class: 1232, rdata: [] } },
  ]);
}

fuzz('DNS messages, as dns2 writes them', {
  inputs: 1_500,
  accepted: 100,
  make: (dice) => ({
    id: dice.below(65_536),
    // The bits Z, AD and CD are 0 here, because dns2's types do not have them.
    flags: dice.below(65_536) & ~0x0070,
    question: { name: drawText(dice), type: 1 + dice.below(65_535), class: 1 + dice.below(65_535) },
    sections: [5, 3, 3].map((most) => dice.some(most, () => drawResource(dice))),
  }),
  check: ({ id, flags, question, sections }) => {
    const [answers = [], authorities = [], additionals = []] = sections.map((section) => section.map(({ ours }) => ours));
    const theirs = new Packet();
    const bit = (number: number): 0 | 1 => ((flags >> number) & 1) === 1 ? 1 : 0;
    theirs.header = new Packet.Header({ id, qr: bit(15), opcode: (flags >> 11) & 15, aa: bit(10), tc: bit(9), rd: bit(8), ra: bit(7), rcode: flags & 15 });
    theirs.questions = [Object.assign(new Packet.Question({ name: question.name }), question)];
    [theirs.answers, theirs.authorities, theirs.additionals] = sections.map((section) => section.map((each) => Object.assign(new Packet.Resource(), each.theirs))) as [[], [], []];
    expect(writeMessage({ id, flags, question, answers, authorities, additionals }).toString('hex')).toBe(theirs.toBuffer().toString('hex'));
    return true;
  },
});

function isQuery(message: Buffer): boolean {
  try {
    parseQuery(message);
    return true;
  } catch {
    return false;
  }
}

/** Names of a message that point at names that point at names: 4000 records, each with a name of 8000 pointers. */
function pointersAtPointers(): Buffer {
  const chainBytes = 16_000;
  const first = 12 + 5 + 11;
  const chain = Buffer.alloc(chainBytes);
  for (let at = 0; at < chainBytes; at += 2) chain.writeUInt16BE(0xc000 | (at === 0 ? 12 : first + at - 2), at);
  const record = (name: Buffer, data: Buffer): Buffer => Buffer.concat([name, words(999, 1, 0, 0, data.length), data]);
  const pointing = Array.from({ length: 4_000 }, () => record(words(0xc000 | (first + chainBytes - 2)), Buffer.alloc(0)));
  return Buffer.concat([header(1, 0x0100, [1, 0, 0, 1 + pointing.length]), Buffer.from([0]), words(1, 1), record(Buffer.from([0]), chain), ...pointing]);
}

test('a message of 64 KiB whose names point at each other does not keep the server busy', () => {
  const message = pointersAtPointers();
  expect(message.length).toBeGreaterThan(60_000);
  expect(parseQuery(message)).toMatchObject({ id: 1, name: '' });
});

const options = async (): Promise<DnsServerOptions> => ({ listen: ['127.0.0.1'], port: await freePort(), domain: 'lab.test', seed: '1', records });

/** A server as a process. It counts what the server says that it has received. */
async function startServer(): Promise<{ port: number; remote: Remote; received: () => number; ask: () => Promise<void>; send: (message: Buffer) => void }> {
  const { port, ...rest } = await options();
  let received = 0;
  const troubles: string[] = [];
  const remote = new Remote('the DNS server', localProcess(nodeArgv('services/dns/main.ts', JSON.stringify({ port, ...rest }))), ({ event }) => { if (event === 'dns:query' || event === 'dns:malformed') received++; }, (reason) => troubles.push(reason));
  await remote.ready;
  const socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  onTestFinished(() => { socket.close(); });
  let id = 0;
  return {
    port,
    remote,
    received: () => received,
    send: (message) => { socket.send(message); },
    /** Asks a right question, and waits for its answer. */
    ask: async () => {
      // No drawn question has this name, so that its answer is known.
      const question = query({ id: ++id & 0xffff, name: `probe-${id}.lab.test` });
      const answered = new Promise<void>((resolve, reject) => {
        const look = (bytes: Buffer): void => {
          if (!bytes.includes(`probe-${id}`)) return;
          socket.off('message', look);
          resolve();
        };
        socket.on('message', look);
        void remote.process.exited.then(({ stderr }) => { reject(new Error(`the server ended: ${stderr}`)); });
      });
      socket.send(question);
      await answered;
      expect(troubles).toEqual([]);
    },
  };
}

{
  let server: ReturnType<typeof startServer> | undefined;
  let sent = 0;
  fuzz('DNS server over UDP', {
    inputs: 6_000,
    accepted: 35,
    make: drawMessage,
    check: async (message) => {
      const { send, ask, remote, received } = await (server ??= startServer());
      send(message);
      // The socket's buffer holds far more than so many datagrams.
      if (++sent % 40 === 0) {
        await ask();
        await remote.call('ping');
        expect(received()).toBe(sent + sent / 40);
      }
      return isQuery(message);
    },
  });
}

{
  let server: ReturnType<typeof startServer> | undefined;
  fuzz('DNS server over TCP', {
    inputs: 400,
    accepted: 100,
    make: (dice) => dice.inPieces(Buffer.concat(dice.some(5, () => {
      const message = drawMessage(dice);
      return Buffer.concat([words(dice.chance(10) ? dice.below(65_536) : message.length), message]);
    }))),
    check: async (pieces) => {
      const { port, ask } = await (server ??= startServer());
      const socket = connect(port, '127.0.0.1').setNoDelay(true).on('error', () => undefined);
      await once(socket, 'connect');
      for (const piece of pieces) socket.write(piece);
      if (pieces.length % 2 === 0) socket.resetAndDestroy();
      else socket.end().destroySoon();
      await ask();
      return true;
    },
  });
}

describeWith(['netns', 'python'], 'a datagram that nobody can answer', () => {
  test('its source port is 0: the server goes on', async () => {
    const lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    try {
      const program = `
import socket, struct
query = bytes.fromhex('${query({ name: 'web.lab.test' }).toString('hex')}')
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
raw.sendto(struct.pack('!HHHH', 0, 53, 8 + len(query), 0) + query, ('${lab.topology.hosts.dns.ipv4}', 0))`;
      expect(await lab.host('client').run(['python3', '-c', program])).toMatchObject({ exitCode: 0, stderr: '' });
      expect(await lab.server('dns').call('ping')).toBeTypeOf('number');
      expect(lab.doubts).toEqual([]);
    } finally {
      await lab[Symbol.asyncDispose]();
    }
  });
});
