import { describe, expect, test } from 'vitest';
import { Http1 } from './http1.ts';
import type { Side } from './stream.ts';

const get = 'GET / HTTP/1.1\r\nhost: web\r\n\r\n';
const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody';

/** Returns the events of a conversation as short texts. `>` marks bytes from the client, `<` bytes from the server. */
function story(...said: string[]): string[] {
  const http = new Http1({ address: '198.51.100.11', port: 8080, localPort: 40_000, family: 4 });
  return said.flatMap((text) => {
    const side: Side = text.startsWith('>') ? 'client' : 'server';
    return http.take(side, Buffer.from(text.slice(1), 'latin1')).flatMap((event) => ('line' in event ? [`${event.event.slice(5)} ${event.count} ${event.line}`] : []));
  });
}

/** The same conversation, cut into pieces of a few bytes. */
function cut(said: string[], bytes: number): string[] {
  return said.flatMap((text) => (text.slice(1).match(new RegExp(`[^]{1,${bytes}}`, 'g')) ?? []).map((piece) => `${text[0] ?? ''}${piece}`));
}

describe('each message is reported once, at its first byte', () => {
  const conversations: [string, string[], string[]][] = [
    ['a connection that is used twice', [`>${get}`, `<${ok}`, `>${get}`, `<${ok}`], ['request 1 GET', 'response 1 HTTP', 'request 2 GET', 'response 2 HTTP']],
    ['pipelined requests (RFC 9112 section 9.3.2)', [`>${get}${get}`, `<${ok}${ok}`], ['request 1 GET', 'request 2 GET', 'response 1 HTTP', 'response 2 HTTP']],
    ['a body that looks like a request', [`>POST / HTTP/1.1\r\ncontent-length: ${get.length}\r\n\r\n${get}`, `<${ok}`, `>${get}`], ['request 1 POST', 'response 1 HTTP', 'request 2 GET']],
    [
      'a request in chunks, one of which looks like a request, with an extension and a trailer',
      [`>POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${get.length.toString(16)};x=1\r\n${get}\r\n0\r\nfield: x\r\n\r\n${get}`],
      ['request 1 POST', 'request 2 GET'],
    ],
    ['a response in chunks', [`>${get}`, '<HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n', `>${get}`, `<${ok}`], ['request 1 GET', 'response 1 HTTP', 'request 2 GET', 'response 2 HTTP']],
    ['HEAD: the response has a length but no body', ['>HEAD / HTTP/1.1\r\n\r\n', '<HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n', `>${get}`, `<${ok}`], ['request 1 HEAD', 'response 1 HTTP', 'request 2 GET', 'response 2 HTTP']],
    ['204 and 304: the response has no body', [`>${get}${get}${get}`, `<HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n${ok}`], ['request 1 GET', 'request 2 GET', 'request 3 GET', 'response 1 HTTP', 'response 2 HTTP', 'response 3 HTTP']],
    ['a body without a length ends with the connection', [`>${get}`, `<HTTP/1.1 200 OK\r\n\r\n${ok}${ok}`], ['request 1 GET', 'response 1 HTTP']],
    ['an empty line before a request', [`>${get}`, `<${ok}`, `>\r\n${get}`], ['request 1 GET', 'response 1 HTTP', 'request 2 GET']],
    ['101: another protocol follows', [`>${get}`, `<HTTP/1.1 101 Switching Protocols\r\n\r\n${ok}`], ['request 1 GET', 'response 1 HTTP']],
    ['response bytes without a request', [`<${ok}`, `>${get}`, `<${ok}${ok}`, `>${get}`], ['request 1 GET', 'response 1 HTTP', 'request 2 GET']],
  ];

  test.each(conversations)('%s', (_, said, expected) => {
    const told = (pieces: string[]): string[] => story(...pieces).map((line) => line.replace(/( (GET|POST|HEAD|HTTP)).*/, '$1'));
    expect(told(said)).toEqual(expected);
    // With pieces of one byte, an event has only the first letter of the line. So the lines are not compared here.
    for (const bytes of [5, 1]) expect(story(...cut(said, bytes)).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(expected.map((line) => line.split(' ').slice(0, 2).join(' ')));
  });

  test('an interim response is not the response (RFC 9110 section 15.2)', () => {
    expect(story('>POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n', '<HTTP/1.1 100 Continue\r\n\r\n', '>x', '<HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n', `<${ok}`, `>${get}`)).toEqual([
      'request 1 POST / HTTP/1.1',
      'response 1 HTTP/1.1 200 OK',
      'request 2 GET / HTTP/1.1',
    ]);
  });
});

describe('a message that is not HTTP has no known length: it ends when the other side sends something', () => {
  test.each([
    ['a status line that is not HTTP', 'garbage where HTTP/1.1 200 OK should be\r\n\r\n', 'garbage where HTTP/1.1 200 OK should be'],
    ['a broken chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno length\r\nbody\r\n', 'HTTP/1.1 200 OK'],
    ['control characters', '\u0001\u0002', ''],
    ['one byte', 'x', 'x'],
  ])('%s', (_, answer, line) => {
    expect(story(`>${get}`, `<${answer}`, `<${answer}`, `>${get}`, `<${ok}`)).toEqual(['request 1 GET / HTTP/1.1', `response 1 ${line}`, 'request 2 GET / HTTP/1.1', 'response 2 HTTP/1.1 200 OK']);
  });

  test('the same holds for a request', () => {
    expect(story('>abcd', '>e', `<${ok}`, `>${get}`)).toEqual(['request 1 abcd', 'response 1 HTTP/1.1 200 OK', 'request 2 GET / HTTP/1.1']);
  });
});
