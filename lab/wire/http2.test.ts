/** HTTP/2 as Node's client and server speak it, held against tshark and against what Node itself has read; and frames that they do not send, byte for byte. */
import { once } from 'node:events';
import { connect, constants, createSecureServer, createServer, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Session } from 'node:http2';
import { describe, expect, test } from 'vitest';
import { http2Frame, preface } from '../testing/http2-frames.ts';
import { FrameReader, type Http2Frame } from '../vocabulary/http2-frame.ts';
import { framesOf, readBy, tapped, tappedEnds, type Conversation, type Step } from '../testing/tapped.ts';
import { describeWith } from '../testing/testing.ts';
import { cert, key } from '../testing/tls-certificate.ts';
import { tshark } from '../testing/tshark.ts';
import type { EmittedEvent, EventName } from '../vocabulary/events.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { seededRandom } from '../vocabulary/random.ts';
import { WireDecoder } from './decoder.ts';
import { HpackDecoder } from './hpack.ts';
import { Http2 } from './http2.ts';
import { LabTls } from './lab-tls.ts';
import { buildPcapng } from './pcapng.ts';
import type { Side, WireEvent } from './stream.ts';
import { parseKeyLog } from './tls-keys.ts';

const { client } = createTopology().hosts;

const ofType = <Name extends EventName>(events: readonly (EmittedEvent | WireEvent)[], name: Name) => events.filter((event): event is Extract<EmittedEvent, { event: Name }> => event.event === name);

/** Reads the conversation as a lab does, and gives tshark the file. */
function judge(conversation: Conversation, keyLog: string): { events: EmittedEvent[]; judged: (filter: string, ...fields: string[]) => Promise<string[][]> } {
  const frames = framesOf(conversation);
  const decoder = new WireDecoder([client.ipv4], { tls: new LabTls(parseKeyLog(keyLog)) });
  const file = buildPcapng({ frames, interfaceName: 'eth0', interfaceDescription: '', dropped: 0, application: '', comment: '', secrets: keyLog, names: [], remarks: [] });
  return {
    events: frames.flatMap((frame) => decoder.decode(frame)),
    judged: async (filter, ...fields) => (await tshark(file, filter, fields)).map((row) => fields.map((field) => row[field] ?? '')),
  };
}

async function answer(stream: ClientHttp2Stream): Promise<void> {
  stream.on('error', () => undefined);
  await new Promise((resolve) => { stream.resume().on('close', resolve); });
}

const all = (rows: string[][], place = 0): string[] => rows.flatMap((row) => (row[place] ?? '').split(',').filter(Boolean));

describeWith('tshark', 'HTTP/2 inside TLS', () => {
  let keyLog = '';
  const record = async (listener: (server: ReturnType<typeof createSecureServer>) => void, use: (session: ClientHttp2Session) => Promise<void>): Promise<ReturnType<typeof judge>> => {
    keyLog = '';
    const server = createSecureServer({ key, cert });
    server.on('keylog', (line: Buffer) => { keyLog += line.toString(); });
    listener(server);
    return judge(await tapped(server, async (port) => {
      const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
      session.on('error', () => undefined);
      const closed = new Promise((resolve) => { session.on('close', resolve); });
      await use(session);
      session.close();
      await closed;
    }), keyLog);
  };

  test('requests at the same time, with bodies of many frames: one event for each, and for each response', async () => {
    const { events, judged } = await record(
      (server) => server.on('stream', (stream, headers) => { stream.resume().on('end', () => { stream.respond({ ':status': headers[':path'] === '/2' ? 404 : 200 }); stream.end('x'.repeat(60_000)); }); }),
      async (session) => { await Promise.all([1, 2, 3, 4].map((number) => {
          const stream = session.request({ ':path': `/${number}`, ':method': number === 3 ? 'POST' : 'GET' });
          if (number === 3) stream.end('y'.repeat(50_000));
          return answer(stream);
        })); },
    );
    const requests = ofType(events, 'wire:request');
    expect(requests.map(({ line, count, stream }) => [line, count, stream])).toEqual([1, 2, 3, 4].map((number) => [`${number === 3 ? 'POST' : 'GET'} /${number} HTTP/2`, number, number * 2 - 1]));
    expect(requests.map(({ line }) => line.split(' ')[1])).toEqual(all(await judged('http2.headers.path', 'http2.headers.path')));
    const responses = ofType(events, 'wire:response');
    expect(responses.map(({ line }) => line.split(' ')[1])).toEqual(all(await judged('http2.headers.status', 'http2.headers.status')));
    expect(responses.map(({ count, stream, line }) => [count, stream, line]).sort()).toEqual([[1, 1, 'HTTP/2 200'], [2, 3, 'HTTP/2 404'], [3, 5, 'HTTP/2 200'], [4, 7, 'HTTP/2 200']]);
    expect(ofType(events, 'wire:tls-done')).toMatchObject([{ alpn: 'h2' }]);
    const settings = ofType(events, 'wire:h2-settings');
    expect(settings.map(({ sender, ack }) => [sender, ack]).sort()).toEqual([['client', false], ['client', true], ['server', false], ['server', true]]);
    expect(settings).toHaveLength(all(await judged('http2.type == 4', 'http2.type')).filter((type) => type === '4').length);
  });

  test('interim responses, trailers, and what the server pushes are no responses to a request', async () => {
    const { events, judged } = await record(
      (server) => server.on('stream', (stream) => {
        stream.additionalHeaders({ ':status': 103, link: '</a>' });
        stream.pushStream({ ':path': '/pushed' }, (error, pushed) => {
          if (error) throw error;
          pushed.respond({ ':status': 200 });
          pushed.end('pushed');
          stream.respond({ ':status': 202 }, { waitForTrailers: true });
          stream.on('wantTrailers', () => { stream.sendTrailers({ sum: '1' }); });
          stream.end('done');
        });
      }),
      async (session) => {
        session.on('stream', (pushed) => { pushed.resume(); });
        const stream = session.request({ ':method': 'POST', ':path': '/' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => { stream.sendTrailers({ sum: '2' }); });
        await answer(stream.end('body'));
      },
    );
    expect(ofType(events, 'wire:request').map(({ line }) => line)).toEqual(['POST / HTTP/2']);
    expect(ofType(events, 'wire:response').map(({ line }) => line)).toEqual(['HTTP/2 202']);
    // tshark shows that all of them were there.
    expect(all(await judged('http2.headers.status', 'http2.headers.status')).sort()).toEqual(['103', '200', '202']);
    expect(all(await judged('http2.type == 5', 'http2.headers.path'))).toContain('/pushed');
  });

  test('GOAWAY, RST_STREAM and PING have a sender, and the name of their error', async () => {
    let sessions: ServerHttp2Session[] = [];
    const slow = Promise.withResolvers<undefined>();
    const { events, judged } = await record(
      (server) => server.on('session', (session) => { sessions = [session]; }).on('stream', (stream, headers) => {
        stream.on('error', () => undefined);
        if (headers[':path'] === '/refused') stream.close(constants.NGHTTP2_REFUSED_STREAM);
        else if (headers[':path'] === '/slow') slow.resolve(undefined);
        else sessions[0]?.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 3);
      }),
      async (session) => {
        await once(session, 'connect');
        await new Promise((resolve) => { session.ping(resolve); });
        await answer(session.request({ ':path': '/refused' }));
        const cancelled = session.request({ ':path': '/slow' });
        const cancelledAnswer = answer(cancelled);
        await slow.promise;
        cancelled.close(constants.NGHTTP2_CANCEL);
        await cancelledAnswer;
        await answer(session.request({ ':path': '/last' }));
        // The server would keep the connection.
        sessions[0]?.destroy();
      },
    );
    expect(ofType(events, 'wire:h2-ping').map(({ sender, ack }) => [sender, ack])).toEqual([['client', false], ['server', true]]);
    const resets = ofType(events, 'wire:h2-rst-stream');
    expect(resets.map(({ sender, stream, error, count }) => [sender, stream, error, count])).toEqual([['server', 1, 'REFUSED_STREAM', 1], ['client', 3, 'CANCEL', 2]]);
    expect(resets.map(({ atMs }) => atMs)).toEqual((await judged('http2.type == 3', 'frame.number')).map(([number]) => Number(number)));
    const goaways = ofType(events, 'wire:h2-goaway');
    expect(goaways[0]).toMatchObject({ sender: 'server', lastStream: 3, error: 'ENHANCE_YOUR_CALM' });
    expect(goaways.map(({ lastStream }) => String(lastStream))).toEqual(all(await judged('http2.type == 7', 'http2.goaway.last_stream_id')));
    expect(ofType(events, 'wire:request')).toHaveLength(3);
    expect(ofType(events, 'wire:response')).toEqual([]);
  });
});

/** The frames of one side. */
function framesIn(steps: readonly Step[], side: Side): Http2Frame[] {
  return new FrameReader().read(Buffer.concat(steps.flatMap((step) => (step.side === side && step.bytes !== 'fin' ? [step.bytes] : []))).subarray(side === 'client' ? preface.length : 0));
}

describe('header fields', () => {
  test('of 200 requests, with every character, are what Node has sent and read', async () => {
    const random = seededRandom('fields');
    const below = (most: number): number => Math.floor(random() * most);
    const character = (): string => String.fromCharCode(below(4) === 0 ? 0xa1 + below(95) : 0x21 + below(94));
    const word = (length: number): string => Array.from({ length: 1 + below(length) }, character).join('');
    const known = ['accept', 'user-agent', 'x-trace', 'etag', 'from', 'via'];
    const server = createServer({ settings: { headerTableSize: 16_384 } });
    const received: IncomingHttpHeaders[] = [];
    server.on('stream', (stream, headers) => { received.push(headers); stream.respond(); stream.end(); });
    const [steps = []] = await tapped(server, async (port) => {
      const session = connect(`http://127.0.0.1:${port}`, { maxDeflateDynamicTableSize: 16_384 });
      for (let count = 0; count < 200; count++) {
        // One character among many with a short code: the text is in the Huffman code, however long the code of the character is.
        const one = count < 128 ? 0x80 + count : 0x21 + count - 128;
        const fields: OutgoingHttpHeaders = Object.fromEntries<string>([['x-one', `${'a'.repeat(30)}${String.fromCharCode(one)}${'o'.repeat(30)}`], ...Array.from({ length: below(12) }, (): [string, string] => [(below(2) === 0 ? known[below(known.length)] : undefined) ?? `x-${below(40)}`, word(below(50) === 0 ? 3_000 : 30)])]);
        await answer(session.request({ ':path': `/${count}`, ...fields }));
      }
      session.close();
      await once(session, 'close');
    });
    const decoder = new HpackDecoder();
    decoder.allow(16_384);
    const read = framesIn(steps, 'client').filter(({ type }) => type === 1).map(({ flags, payload }) => Object.fromEntries(decoder.decode((flags & 0x20) > 0 ? payload.subarray(5) : payload)));
    expect(read).toEqual(received.map((headers) => Object.fromEntries(Object.entries(headers))));
    expect(read).toHaveLength(200);
    const http2 = new Http2(tappedEnds);
    expect(ofType(readBy(http2, steps), 'wire:request')).toHaveLength(200);
  });
});

describe('frames', () => {
  /** `:method GET`, `:scheme http`, `:path /`. */
  const get = '828684';
  const ok = '88';
  const [endHeaders, padded, withPriority] = [0x04, 0x08, 0x20];
  const read = (...said: [Side, Buffer][]): string[] => readBy(new Http2(tappedEnds), said.map(([side, bytes]) => ({ side, bytes })))
    .map((event) => [event.event.slice(5), event.atMs, ...('line' in event ? [event.line] : []), ...('count' in event ? [event.count] : [])].join(' '));
  const begin: [Side, Buffer] = ['client', preface];

  test('fields in several frames, with padding and priority: the request has the time of the first byte', () => {
    const frames = Buffer.concat([http2Frame(1, padded | withPriority, 1, '02 0000000010 8286 0000'.replaceAll(' ', '')), http2Frame(9, 0, 1, ''), http2Frame(9, endHeaders, 1, '84')]);
    expect(read(begin, ['client', frames.subarray(0, 4)], ['client', frames.subarray(4, 20)], ['client', frames.subarray(20)])).toEqual(['request 1 GET / HTTP/2 1']);
  });

  test('a request that another stream has overtaken is answered by its own number', () => {
    expect(read(begin, ['client', Buffer.concat([http2Frame(1, endHeaders, 1, get), http2Frame(1, endHeaders, 3, get)])], ['server', http2Frame(1, endHeaders, 3, ok)], ['server', http2Frame(1, endHeaders, 1, '8d')])).toEqual([
      'request 1 GET / HTTP/2 1', 'request 1 GET / HTTP/2 2', 'response 2 HTTP/2 200 2', 'response 3 HTTP/2 404 1',
    ]);
  });

  test('data of any length, and frames of unknown types, are passed over', () => {
    expect(read(begin, ['client', Buffer.concat([http2Frame(0, 0, 1, 'ff'.repeat(70_000)), http2Frame(77, 0, 0, '00'.repeat(300_000)), http2Frame(1, endHeaders, 1, get)])])).toEqual(['request 1 GET / HTTP/2 1']);
  });

  test('behind a broken block, no fields are read, and other frames are', () => {
    expect(read(begin, ['client', http2Frame(1, endHeaders, 1, 'ff')], ['client', http2Frame(1, endHeaders, 3, get)], ['client', http2Frame(7, 0, 0, '0000000000000001')])).toEqual(['h2-goaway 3']);
    // A frame between those of a block breaks it.
    expect(read(begin, ['client', Buffer.concat([http2Frame(1, 0, 1, '8286'), http2Frame(6, 0, 0, '00'.repeat(8)), http2Frame(9, endHeaders, 1, '84')])])).toEqual(['h2-ping 1']);
  });

  test('what is no HTTP/2 is not read', () => {
    expect(read(['client', Buffer.from('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n')], ['client', http2Frame(1, endHeaders, 1, get)])).toEqual([]);
    expect(read(begin, ['client', Buffer.concat([http2Frame(1, 0, 1, '00'.repeat(300_000)), http2Frame(6, 0, 0, '00'.repeat(8))])])).toEqual([]);
  });
});
