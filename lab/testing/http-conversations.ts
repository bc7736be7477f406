/** HTTP/1.1 conversations of all kinds, well formed and broken, with the messages that they have. Several tests of the wire read them. */

const get = 'GET / HTTP/1.1\r\nhost: web\r\n\r\n';
const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody';
/** A response whose head has so many bytes. 65536 is the longest head that is read (lab/wire/http1.ts). */
const longHead = (bytes: number): string => `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(bytes - 44)}\r\ncontent-length: 0\r\n\r\n`;

export interface Conversation {
  title: string;
  /** `>` marks bytes from the client, `<` bytes from the server. */
  said: string[];
  /** The events: `request 1 GET / HTTP/1.1`, `response 1 HTTP/1.1 200 OK`. */
  told: string[];
  /** Why tshark counts other requests or responses. */
  tsharkDiffers?: string;
}

const [first, second] = ['request 1 GET / HTTP/1.1', 'request 2 GET / HTTP/1.1'];
const [firstOk, secondOk] = ['response 1 HTTP/1.1 200 OK', 'response 2 HTTP/1.1 200 OK'];
const incomplete = 'tshark shows a message when it is whole';
const notHttp = 'tshark does not take these bytes for HTTP. They are an answer all the same: the caller gets an error from them';

export const httpConversations: Conversation[] = [
  { title: 'a connection that is used twice', said: [`>${get}`, `<${ok}`, `>${get}`, `<${ok}`], told: [first, firstOk, second, secondOk] },
  { title: 'pipelined requests (RFC 9112 section 9.3.2)', said: [`>${get}${get}`, `<${ok}${ok}`], told: [first, second, firstOk, secondOk] },
  { title: 'a body that looks like a request', said: [`>POST / HTTP/1.1\r\ncontent-length: ${get.length}\r\n\r\n${get}`, `<${ok}`, `>${get}`], told: ['request 1 POST / HTTP/1.1', firstOk, second] },
  {
    title: 'a request in chunks, one of which looks like a request, with an extension and a trailer',
    said: [`>POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${get.length.toString(16)};x=1\r\n${get}\r\n0\r\nfield: x\r\n\r\n${get}`],
    told: ['request 1 POST / HTTP/1.1', second],
  },
  { title: 'a response in chunks', said: [`>${get}`, '<HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n', `>${get}`, `<${ok}`], told: [first, firstOk, second, secondOk] },
  {
    title: 'chunks and a length: the chunks count (RFC 9112 section 6.3)',
    said: [`>${get}`, '<HTTP/1.1 200 OK\r\ncontent-length: 400\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n', `>${get}`, `<${ok}`],
    told: [first, firstOk, second, secondOk],
  },
  { title: 'HEAD: the response has a length but no body', said: ['>HEAD / HTTP/1.1\r\n\r\n', '<HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n', `>${get}`, `<${ok}`], told: ['request 1 HEAD / HTTP/1.1', firstOk, second, secondOk] },
  {
    title: '204 and 304: the response has no body',
    said: [`>${get}${get}${get}`, `<HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n${ok}`],
    told: [first, second, 'request 3 GET / HTTP/1.1', 'response 1 HTTP/1.1 204 No Content', 'response 2 HTTP/1.1 304 Not Modified', 'response 3 HTTP/1.1 200 OK'],
    tsharkDiffers: 'tshark takes the bytes behind a 304 with a length for its body. A 304 has none (RFC 9112 section 6.3)',
  },
  { title: 'a body without a length ends with the connection', said: [`>${get}`, `<HTTP/1.1 200 OK\r\n\r\n${ok}${ok}`], told: [first, firstOk] },
  { title: 'an empty line before a request', said: [`>${get}`, `<${ok}`, `>\r\n${get}`], told: [first, firstOk, second] },
  { title: 'lines that end with LF alone (RFC 9112 section 2.2)', said: ['>GET / HTTP/1.1\nhost: x\n\n', '<HTTP/1.1 200 OK\ncontent-length: 4\n\nbody', `>${get}`, `<${ok}`], told: [first, firstOk, second, secondOk] },
  { title: 'a status line without a reason', said: [`>${get}`, '<HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n'], told: [first, 'response 1 HTTP/1.1 200'] },
  {
    title: '101: another protocol follows',
    said: ['>GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n', '<HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n', '>\x81\x02hi', '<\x81\x02hi'],
    told: [first, 'response 1 HTTP/1.1 101 Switching Protocols'],
  },
  { title: 'CONNECT: a tunnel follows', said: ['>CONNECT web:1 HTTP/1.1\r\n\r\n', '<HTTP/1.1 200 OK\r\n\r\n', '>hello', '<hello'], told: ['request 1 CONNECT web:1 HTTP/1.1', firstOk] },
  { title: 'CONNECT is refused: no tunnel', said: ['>CONNECT web:1 HTTP/1.1\r\n\r\n', '<HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\nno', `>${get}`, `<${ok}`], told: ['request 1 CONNECT web:1 HTTP/1.1', 'response 1 HTTP/1.1 403 No', second, secondOk] },
  {
    title: 'an interim response is not the response (RFC 9110 section 15.2)',
    said: ['>POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n', '<HTTP/1.1 100 Continue\r\n\r\n', '>x', `<HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${ok}`, `>${get}`, `<${ok}`],
    told: ['request 1 POST / HTTP/1.1', firstOk, second, secondOk],
  },
  {
    title: 'response bytes without a request',
    said: [`<${ok}`, `>${get}`, `<${ok}${ok}`, `>${get}`],
    told: [first, firstOk, second],
    tsharkDiffers: 'tshark reads each side alone. For us these bytes are the rest of a message that began before the capture',
  },
  { title: 'the longest head', said: [`>${get}`, `<${longHead(65_536)}`, `>${get}`, `<${ok}`], told: [first, firstOk, second, secondOk] },
  { title: 'a head that is too long: its message ends when the other side sends something', said: [`>${get}`, `<${longHead(65_537)}`, `>${get}`, `<${ok}`], told: [first, firstOk, second, secondOk] },
  ...[
    ['a status line that is not HTTP', 'garbage where HTTP/1.1 200 OK should be\r\n\r\n', 'garbage where HTTP/1.1 200 OK should be'] as const,
    ['control characters', '\u0001\u0002', ''] as const,
    ['one byte', 'x', 'x'] as const,
    ['a status of one digit', 'HTTP/1.1 1\r\n\r\n', 'HTTP/1.1 1'] as const,
    ['a status of four digits', 'HTTP/1.1 1000 OK\r\n\r\n', 'HTTP/1.1 1000 OK'] as const,
    ['a status line that is cut', 'HTTP/1.1 10', 'HTTP/1.1 10'] as const,
  ].map(([title, answer, line]): Conversation => ({
    title: `not HTTP, ${title}: the message ends when the other side sends something`,
    said: [`>${get}`, `<${answer}`, `>${get}`, `<${ok}`],
    told: [first, `response 1 ${line}`, second, secondOk],
    tsharkDiffers: notHttp,
  })),
  {
    title: 'a broken chunk',
    said: [`>${get}`, '<HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno length\r\nbody\r\n', `>${get}`, `<${ok}`],
    told: [first, firstOk, second, secondOk],
  },
  {
    title: 'a chunk whose length does not end',
    said: [`>${get}`, `<HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${'1'.repeat(70_000)}`, `>${get}`, `<${ok}`],
    told: [first, firstOk, second, secondOk],
    tsharkDiffers: incomplete,
  },
  { title: 'a request that is not HTTP', said: ['>abcd', '>e', `<${ok}`, `>${get}`], told: ['request 1 abcd', firstOk, second], tsharkDiffers: `${notHttp}; and it then takes this side for another protocol` },
  {
    title: 'methods that are not registered',
    said: ['>FOO / HTTP/1.1\r\n\r\n', `<${ok}`, '>M-SEARCH * HTTP/1.1\r\n\r\n', `<${ok}`],
    told: ['request 1 FOO / HTTP/1.1', firstOk, 'request 2 M-SEARCH * HTTP/1.1', secondOk],
    tsharkDiffers: 'tshark has a list of methods',
  },
  {
    title: 'a length that is not a number: the body ends with the connection',
    said: [`>${get}`, '<HTTP/1.1 200 OK\r\ncontent-length: +4\r\n\r\nbody', `>${get}`, `<${ok}`],
    told: [first, firstOk, second],
    tsharkDiffers: 'tshark takes +4 for 4. A client must close the connection (RFC 9112 section 6.3)',
  },
  { title: 'a body that is cut', said: [`>${get}`, '<HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\nbody'], told: [first, firstOk], tsharkDiffers: incomplete },
  { title: 'a head that is cut', said: [`>${get}`, '<HTTP/1.1 200 OK\r\ncontent-len'], told: [first, firstOk], tsharkDiffers: incomplete },
];

/** The same conversation in pieces of at most so many bytes. */
export function inPieces(said: readonly string[], bytes: number): string[] {
  return said.flatMap((text) => (text.slice(1).match(new RegExp(`[^]{1,${bytes}}`, 'g')) ?? []).map((piece) => `${text[0] ?? ''}${piece}`));
}
