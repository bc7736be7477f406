import { describe, expect, test } from 'vitest';
import { ACK, came, FIN, ipv4, RST, sent, SYN, udp, type Segment } from '../testing/frames.ts';
import type { CapturedFrame } from '../vocabulary/frame-records.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { WireDecoder } from './decoder.ts';

const { client, dns } = createTopology().hosts;

const frame = (bytes: Buffer, atMs = 0): CapturedFrame => ({ number: 1, bytes, atMs, realtimeNs: 0n, lengthBytes: bytes.length });

/** Decodes frames that are a millisecond apart, and returns each event as a short text. */
function story(...frames: Buffer[]): string[] {
  return storyOf(new WireDecoder([client.ipv4, client.ipv6]), ...frames);
}

function storyOf(decoder: WireDecoder, ...frames: Buffer[]): string[] {
  return frames.flatMap((bytes, atMs) =>
    decoder.decode(frame(bytes, atMs)).map(({ event, ...payload }) => {
      const { count, sender, line, bytes: again, type, transport } = payload as Record<string, unknown>;
      return [event.slice(5), payload.atMs, ...[count, sender, line, again, type, transport].flatMap((value) => (value === undefined ? [] : [String(value as string | number)]))].join(' ');
    }),
  );
}

describe('TCP', () => {
  test('the same SYN again is a retransmission; a SYN with another sequence number on the same ports is a new attempt', () => {
    expect(story(sent({ flags: SYN }), sent({ flags: SYN }), sent({ flags: SYN }), sent({ flags: SYN, sequence: 9 }), sent({ flags: SYN, localPort: 40_001 }))).toEqual([
      'syn 0', 'syn-retransmission 1 2', 'syn-retransmission 2 3', 'syn 3', 'syn 4',
    ]);
  });

  test('RST, SYN-ACK and FIN are reported once each, although they are repeated', () => {
    expect(story(sent({ flags: SYN }), came({ flags: RST | ACK }), came({ flags: RST | ACK }))).toEqual(['syn 0', 'rst 1 server']);
    expect(story(sent({ flags: SYN }), came({ flags: SYN | ACK }), came({ flags: SYN | ACK }), sent({}), sent({ flags: FIN | ACK }), sent({ flags: FIN | ACK }), came({ flags: FIN | ACK }))).toEqual([
      'syn 0', 'syn-ack 1', 'fin 4 client', 'fin 6 server',
    ]);
  });

  test('of many flows, the oldest one that has ended is forgotten, and no other', () => {
    const flow = (localPort: number, ...flags: number[]): Buffer[] => [sent({ localPort, flags: SYN }), ...flags.flatMap((each) => [sent({ localPort, flags: each }), came({ localPort, flags: each })])];
    const events = storyOf(
      new WireDecoder([client.ipv4, client.ipv6], { keepFlows: 3 }),
      ...flow(1), ...flow(2, FIN | ACK), ...flow(3, FIN | ACK), ...flow(4),
      // The first flow is still open, the third one is known, and the second one is forgotten: it begins anew.
      sent({ localPort: 1, flags: SYN }), sent({ localPort: 3, flags: FIN | ACK }), sent({ localPort: 2, flags: FIN | ACK }),
    );
    expect(events.map((event) => event.replace(/ \d+/, '')).slice(8)).toEqual(['syn-retransmission 2', 'fin client']);
  });

  test('segments that arrive out of order are read in order', () => {
    const [one, two, three] = ['GET / HT', 'TP/1.1\r\nh', 'ost: web\r\n\r\nGET /2 HTTP/1.1\r\n\r\n'];
    const frames = [
      sent({ flags: SYN, sequence: 99 }),
      sent({ sequence: 100, payload: one }),
      sent({ sequence: 100 + one.length + two.length, payload: three }),
      sent({ sequence: 100 + one.length, payload: two }),
    ];
    expect(story(...frames)).toEqual(['syn 0', 'request 1 1 GET / HT', 'out-of-order 3 client 9', 'request 3 2 GET /2 HTTP/1.1']);
    // The first byte of the response is late.
    const answer = [came({ flags: SYN | ACK, sequence: 6 }), came({ sequence: 7 + 12, payload: ' OK\r\n\r\n' }), came({ sequence: 7, payload: 'HTTP/1.1 200' })];
    expect(story(...frames.slice(0, 2), ...answer).slice(2)).toEqual(['syn-ack 2', 'out-of-order 4 server 12', 'response 4 1 HTTP/1.1 200']);
  });

  describe('a segment that fills a gap', () => {
    /** The server's second segment comes first; then the first one. */
    const gap = (newest: Segment, late: Segment, between: Buffer[] = []): string[] =>
      story(sent({ flags: SYN }), came({ flags: SYN | ACK, sequence: 9 }), came({ sequence: 14, payload: 'later', ...newest }), ...between, came({ sequence: 10, payload: 'late', ...late })).slice(2);

    test.each<[string, Segment, Segment, string]>([
      ['an older identification: it was overtaken', { identification: 8, timestamp: 5 }, { identification: 7, timestamp: 5 }, 'out-of-order'],
      ['a newer identification: it was sent again', { identification: 65_535 }, { identification: 1 }, 'data-retransmission'],
      ['an older timestamp', { timestamp: 5 }, { timestamp: 4 }, 'out-of-order'],
      ['a newer timestamp', { timestamp: 5 }, { timestamp: 6 }, 'data-retransmission'],
    ])('with %s', (_, newest, late, event) => {
      expect(gap(newest, late)).toEqual([`${event} 3 server 4`]);
    });

    test('without either, the report of a gap tells', () => {
      expect(gap({ timestamp: 5 }, { timestamp: 5 })).toEqual(['out-of-order 3 server 4']);
      expect(gap({ timestamp: 5 }, { timestamp: 5 }, [sent({ sack: true })])).toEqual(['data-retransmission 4 server 4']);
    });

    test.each<[string, Segment, Segment, string]>([
      ['sent again', { identification: 8 }, { identification: 9 }, 'data-retransmission'],
      ['overtaken', { identification: 8 }, { identification: 7 }, 'out-of-order'],
      ['sent again, by its timestamp', { timestamp: 5 }, { timestamp: 6 }, 'data-retransmission'],
    ])('an ACK without payload shows that bytes before it were sent: %s', (_, ack, late, event) => {
      expect(story(sent({ flags: SYN }), came({ flags: SYN | ACK, sequence: 9 }), came({ sequence: 14, ...ack }), came({ sequence: 10, payload: 'late', ...late })).slice(2)).toEqual([`${event} 3 server 4`]);
      expect(story(sent({ flags: SYN }), came({ flags: SYN | ACK, sequence: 9 }), came({ sequence: 10 }), came({ sequence: 10, payload: 'late', ...late })).slice(2)).toEqual([]);
    });

    test('an RST shows nothing of the kind: its number may be any', () => {
      expect(story(sent({ flags: SYN }), came({ flags: SYN | ACK, sequence: 9 }), came({ flags: RST, sequence: 14 }), came({ sequence: 10, payload: 'late' })).slice(2)).toEqual(['rst 2 server']);
    });

    test('a copy of a segment that waits for its turn is a retransmission', () => {
      expect(story(came({ sequence: 1, payload: 'a' }), came({ sequence: 5, payload: 'later' }), came({ sequence: 5, payload: 'later' }))).toEqual(['data-retransmission 2 server 5']);
    });
  });

  test('a frame is missing in the capture: 100 000 segments wait behind the hole, and each of them is read once', () => {
    const decoder = new WireDecoder([client.ipv4, client.ipv6]);
    const payload = Buffer.alloc(100);
    const number = 100_000;
    const segment = (index: number): Buffer => came({ sequence: 10 + index * payload.length, payload });
    decoder.decode(frame(came({ flags: SYN | ACK, sequence: 9 })));
    for (let index = 1; index <= number; index++) decoder.decode(frame(segment(index)));
    expect(decoder.decode(frame(segment(number)))).toMatchObject([{ event: 'wire:data-retransmission', bytes: 100 }]);
    expect(decoder.decode(frame(segment(0)))).toMatchObject([{ event: 'wire:out-of-order' }]);
    expect(decoder.decode(frame(segment(number + 1)))).toEqual([]);
  });

  test('keep-alive probes, and a window of 0 once until it opens', () => {
    expect(story(sent({ payload: 'abcd' }), sent({ sequence: 4 }), sent({ sequence: 5 }), came({ window: 0 }), came({ window: 0 }), came({ window: 9 }), came({ window: 0 }))).toEqual([
      'request 0 1 abcd', 'keep-alive-probe 1 client', 'zero-window 3 server', 'zero-window 6 server',
    ]);
  });

  test('payload that was sent before is a retransmission, also where the sequence numbers wrap around', () => {
    const near = 2 ** 32 - 2;
    expect(story(sent({ payload: 'abcd' }), sent({ payload: 'abcd' }), sent({ payload: 'ab' }), sent({ sequence: 5, payload: 'e' }))).toEqual(['request 0 1 abcd', 'data-retransmission 1 client 4', 'data-retransmission 2 client 2']);
    // Old and new data in one segment.
    expect(story(sent({ payload: 'ab' }), came({ payload: 'x' }), sent({ payload: 'abGET' }))).toEqual(['request 0 1 ab', 'response 1 1 x', 'data-retransmission 2 client 2', 'request 2 2 GET']);
    expect(story(sent({ sequence: near, payload: 'abcd' }), sent({ sequence: 2, payload: 'ef' }), sent({ sequence: near, payload: 'abcd' }))).toEqual(['request 0 1 abcd', 'data-retransmission 2 client 4']);
  });
});

describe('DNS', () => {
  /** Id 7, one question `a.` of type A. */
  const question = (flags: number): Buffer => Buffer.concat([Buffer.from([0, 7, flags >> 8, flags & 255, 0, 1, 0, 0, 0, 0, 0, 0]), Buffer.from('0161000001 0001'.replace(' ', ''), 'hex')]);

  test('over UDP', () => {
    expect(story(udp(true, question(0x0100)), udp(false, question(0x8183)))).toEqual(['dns-query 0 A udp', 'dns-response 1 A udp']);
  });

  test('over TCP, in segments of any size', () => {
    const message = question(0x0100);
    const stream = Buffer.concat([Buffer.from([0, message.length]), message, Buffer.from([0, message.length]), message]);
    const cut = [1, 9, message.length + 2, stream.length].reduce<{ frames: Buffer[]; from: number }>(
      ({ frames, from }, to) => ({ frames: [...frames, sent({ port: 53, sequence: 1 + from, payload: stream.subarray(from, to) })], from: to }),
      { frames: [], from: 0 },
    );
    expect(story(...cut.frames)).toEqual(['dns-query 2 A tcp', 'dns-query 3 A tcp']);
  });

  test('messages that cannot be parsed are counted', () => {
    expect(story(udp(true, question(0x0100).subarray(0, 14)), udp(true, Buffer.alloc(3)), udp(true, Buffer.alloc(12, 0xff)))).toEqual(['malformed 0 1', 'malformed 1 2', 'malformed 2 3']);
  });
});

test('traffic of other hosts gives no events', () => {
  const stranger = ipv4(1, '198.51.100.250', dns.ipv4, Buffer.alloc(8));
  expect(story(stranger, Buffer.alloc(60))).toEqual([]);
});
