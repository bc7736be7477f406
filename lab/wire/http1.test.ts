import { describe, expect, test } from 'vitest';
import { ACK, came, FIN, sent, SYN } from '../testing/frames.ts';
import { httpConversations, inPieces } from '../testing/http-conversations.ts';
import { describeWith } from '../testing/testing.ts';
import { tshark } from '../testing/tshark.ts';
import { Http1 } from './http1.ts';
import { buildPcapng } from './pcapng.ts';

/** Returns the events of a conversation as short texts. */
function story(said: readonly string[]): string[] {
  const http = new Http1({ address: '198.51.100.11', port: 8080, localPort: 40_000, family: 4 });
  return said.flatMap((text) => http.take(text.startsWith('>') ? 'client' : 'server', Buffer.from(text.slice(1), 'latin1')).flatMap((event) => ('line' in event ? [`${event.event.slice(5)} ${event.count} ${event.line}`] : [])));
}

describe('each message is reported once', () => {
  test.each(httpConversations)('$title', ({ said, told }) => {
    expect(story(said)).toEqual(told);
    // A request is reported with its first byte, so its line is cut, too.
    const withoutLine = (events: string[]): string[] => events.map((event) => event.split(' ').slice(0, 2).join(' '));
    for (const bytes of [5, 1]) expect(withoutLine(story(inPieces(said, bytes)))).toEqual(withoutLine(told));
    // A piece without a byte says nothing, and so it ends nothing.
    expect(story(said.flatMap((text) => ['>', '<', text, '>', '<']))).toEqual(told);
  });
});

test('a response is reported with the piece that shows that it is not an interim one', () => {
  const asked = '>GET / HTTP/1.1\r\n\r\n';
  expect(story([asked, '<HTTP/1.1 ', '<2'])).toEqual(['request 1 GET / HTTP/1.1', 'response 1 HTTP/1.1 2']);
  expect(story([asked, '<HTTP/1.1 1', '<01'])).toEqual(['request 1 GET / HTTP/1.1', 'response 1 HTTP/1.1 101']);
  expect(story([asked, '<HTTP/1.1 1', '<00 Continue\r\n\r\n', '<H'])).toEqual(['request 1 GET / HTTP/1.1']);
});

describeWith('tshark', 'tshark', () => {
  /** Each conversation on a connection of its own, with a source port of its own. */
  const localPortOf = (index: number): number => 40_000 + index;

  test('counts the same requests and final responses, but for what is declared', async () => {
    const frames = httpConversations.flatMap(({ said }, index) => {
      const localPort = localPortOf(index);
      let [fromClient, fromServer] = [101, 501];
      const data = inPieces(said, 1_400).flatMap((text) => {
        const payload = Buffer.from(text.slice(1), 'latin1');
        const isClient = text.startsWith('>');
        const segment = { localPort, payload, sequence: isClient ? fromClient : fromServer, acknowledged: isClient ? fromServer : fromClient };
        if (isClient) fromClient += payload.length;
        else fromServer += payload.length;
        const acknowledgement = { localPort, sequence: isClient ? fromServer : fromClient, acknowledged: isClient ? fromClient : fromServer };
        return isClient ? [sent(segment), came(acknowledgement)] : [came(segment), sent(acknowledgement)];
      });
      return [
        sent({ localPort, flags: SYN, sequence: 100 }), came({ localPort, flags: SYN | ACK, sequence: 500, acknowledged: 101 }), sent({ localPort, sequence: 101, acknowledged: 501 }),
        ...data,
        came({ localPort, flags: FIN | ACK, sequence: fromServer, acknowledged: fromClient }), sent({ localPort, flags: FIN | ACK, sequence: fromClient, acknowledged: fromServer + 1 }),
      ];
    });
    const capture = buildPcapng({
      frames: frames.map((bytes, index) => ({ number: index + 1, bytes, lengthBytes: bytes.length, atMs: index, realtimeNs: BigInt(index) * 1_000_000n })),
      interfaceName: 'eth0', interfaceDescription: '', dropped: 0, application: '', comment: '', names: [], remarks: [],
    });
    const rows = await tshark(capture, 'http', ['tcp.srcport', 'tcp.dstport', 'http.request.method', 'http.response.code']);
    const count = (told: string[], kind: string): number => told.filter((event) => event.startsWith(kind)).length;
    const differs = httpConversations.filter(({ told }, index) => {
      const mine = rows.filter((row) => [row['tcp.srcport'], row['tcp.dstport']].includes(String(localPortOf(index))));
      const values = (field: 'http.request.method' | 'http.response.code'): string[] => mine.flatMap((row) => row[field].split(',')).filter(Boolean);
      const responses = values('http.response.code').filter((code) => !/^1(?!01)/.test(code));
      return values('http.request.method').length !== count(told, 'request') || responses.length !== count(told, 'response');
    });
    expect(differs.map(({ title }) => title)).toEqual(httpConversations.filter(({ tsharkDiffers }) => tsharkDiffers !== undefined).map(({ title }) => title));
  });
});
