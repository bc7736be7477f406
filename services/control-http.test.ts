/** Commands over HTTP: which requests are obeyed, which ones are refused, and where the port can be reached. */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { nodeArgv } from '../lab/network/programs.ts';
import type { Usage } from './usage.ts';
import { freePort, localProcess, until } from '../lab/testing/testing.ts';

const json = 'application/json';

interface Sent {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string;
}

type Answer = { status: number; body: unknown };

const dnsArgv = (...records: object[]) => nodeArgv('services/dns/main.ts', JSON.stringify({ listen: [], port: 53, domain: 'lab.test', seed: '1', records, services: [{ name: '_8443._https.web.lab.test', target: 'web.lab.test', alpn: ['h2', 'http/1.1'] }] }));

/** Starts a service that takes commands over HTTP. `changes` has each change of its policy that a DNS server has told of. */
async function startServer(argv = dnsArgv()) {
  const port = await freePort();
  const server = localProcess(argv, { ...process.env, LAB_CONTROL_PORT: String(port) });
  const changes: string[] = [];
  const isReady = new Promise<void>((resolve) => {
    server.onLine((line) => {
      const told = JSON.parse(line) as { ready?: true; event?: string; change?: string };
      if (told.ready) resolve();
      if (told.event === 'dns:policy') changes.push(told.change ?? '');
    });
  });
  await Promise.race([isReady, server.exited.then(({ stderr }) => { throw new Error(`The server ended: ${stderr}`); })]);
  const ask = async ({ method = 'POST', path = '/aaaa', headers = {}, body }: Sent): Promise<Answer> => {
    // Node would add the header Host. The tests say themselves what is sent.
    const sent = request({ host: '127.0.0.1', port, method, path, setHost: false, headers: { connection: 'close', ...headers } });
    if (body !== undefined) sent.setHeader('content-length', Buffer.byteLength(body));
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return { status: response.statusCode, body: JSON.parse(text) as unknown };
  };
  return { port, changes, ask };
}

const on = '{"on":true}';

test('a command in JSON from this machine is obeyed, under each name of loopback', async () => {
  const { port, changes, ask } = await startServer();
  const commands = await ask({ method: 'GET', path: '/', headers: { host: `127.0.0.1:${port}` } });
  expect(commands).toMatchObject({ status: 200, body: { commands: { aaaa: { arguments: { on: 'on or off' } }, filter: {} } } });
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`]) {
    expect(await ask({ headers: { host, 'content-type': json }, body: on })).toMatchObject({ status: 200, body: { result: { aaaa: true } } });
  }
  // curl --json and fetch may name the character set.
  expect(await ask({ headers: { host: `localhost:${port}`, 'content-type': 'Application/JSON; charset=utf-8' }, body: on })).toMatchObject({ status: 200 });
  // The events take another way than the answers.
  await until(() => (changes.length >= 5 ? true : undefined), 'the events of five changes');
  expect(changes).toEqual(Array(5).fill('AAAA on'));
});

test('a request that a web page or another host could have sent is refused, and changes nothing', async () => {
  const { port, changes, ask } = await startServer();
  const host = `127.0.0.1:${port}`;
  const own = { host, 'content-type': json };
  const names = `localhost:${port}, 127.0.0.1:${port} or [::1]:${port}`;
  const badHost = (seen: string) => ({ status: 403, body: { error: `Expected the header Host to be ${names}, got ${seen}. Give the command on the machine or in the container where this service runs.` } });
  const badOrigin = (seen: string) => ({ status: 403, body: { error: `Expected no header Origin, got \`${seen}\`. A web page may not give commands. Use a program that sends no such header, for example curl.` } });
  const badType = (seen: string) => ({ status: 415, body: { error: `Expected the header Content-Type to be application/json, got ${seen}. With curl: -H 'content-type: application/json'.` } });
  const badBody = (seen: string) => ({ status: 400, body: { error: `Expected the body to be a JSON object with the arguments of the command, got ${seen}. A command without arguments takes {}.` } });
  const table: [what: string, sent: Sent, refusal: Answer][] = [
    ['a name that was pointed at this machine (DNS rebinding)', { headers: { ...own, host: `evil.test:${port}` }, body: on }, badHost(`\`evil.test:${port}\``)],
    ['the address of a host of the lab network', { headers: { ...own, host: `198.51.100.53:${port}` }, body: on }, badHost(`\`198.51.100.53:${port}\``)],
    ['a name that begins as loopback’s does', { headers: { ...own, host: `127.0.0.1.evil.test:${port}` }, body: on }, badHost(`\`127.0.0.1.evil.test:${port}\``)],
    ['another port', { headers: { ...own, host: '127.0.0.1:1' }, body: on }, badHost('`127.0.0.1:1`')],
    ['no port', { headers: { ...own, host: 'localhost' }, body: on }, badHost('`localhost`')],
    ['an empty Host', { headers: { ...own, host: '' }, body: on }, badHost('``')],
    ['the list of commands under a foreign name', { method: 'GET', path: '/', headers: { host: `evil.test:${port}` } }, badHost(`\`evil.test:${port}\``)],
    ['another site’s page', { headers: { ...own, origin: 'http://evil.test' }, body: on }, badOrigin('http://evil.test')],
    ['a page without an origin of its own', { headers: { ...own, origin: 'null' }, body: on }, badOrigin('null')],
    ['a page of another port of this machine', { headers: { ...own, origin: `http://${host}` }, body: on }, badOrigin(`http://${host}`)],
    ['the list of commands for a page', { method: 'GET', path: '/', headers: { host, origin: 'http://evil.test' } }, badOrigin('http://evil.test')],
    ['the question of a browser before a request', { method: 'OPTIONS', headers: { host, origin: 'http://evil.test', 'access-control-request-method': 'POST' } }, badOrigin('http://evil.test')],
    ['text/plain', { headers: { ...own, 'content-type': 'text/plain' }, body: on }, badType('`text/plain`')],
    ['a form', { headers: { ...own, 'content-type': 'application/x-www-form-urlencoded' }, body: 'on=true' }, badType('`application/x-www-form-urlencoded`')],
    ['a type that a browser sends unasked and that names JSON', { headers: { ...own, 'content-type': 'text/plain; application/json' }, body: on }, badType('`text/plain; application/json`')],
    ['a type that begins as JSON does', { headers: { ...own, 'content-type': 'application/json-seq' }, body: on }, badType('`application/json-seq`')],
    ['a body without a type', { headers: { host }, body: on }, badType('none')],
    ['no body and no type, as fetch(url, { method: "POST" }) sends it', { headers: { host, 'content-length': '0' } }, badBody('none')],
    ['no body', { headers: { ...own, 'content-length': '0' } }, badBody('none')],
    ['no body, for a command without arguments', { path: '/policy', headers: { ...own, 'content-length': '0' } }, badBody('none')],
    ['a list', { headers: own, body: '[]' }, badBody('`[]`')],
    ['null', { path: '/policy', headers: own, body: 'null' }, badBody('`null`')],
    ['a word', { path: '/policy', headers: own, body: '"on"' }, badBody('`"on"`')],
  ];
  const answers: typeof table = [];
  for (const [what, sent] of table) answers.push([what, sent, await ask(sent)]);
  expect(answers).toEqual(table);
  expect(await ask({ path: '/policy', headers: own, body: '{}' })).toMatchObject({ status: 200, body: { result: { aaaa: false } } });
  expect(changes).toEqual([]);
});

test('HTTP/1.0 without the header Host is refused', async () => {
  const { port, changes } = await startServer();
  const socket = connect(port, '127.0.0.1');
  socket.end(`POST /aaaa HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: ${on.length}\r\n\r\n${on}`);
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) text += String(chunk);
  expect(text).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*Expected the header Host to be localhost:\d+, [^"]*, got none\./);
  expect(changes).toEqual([]);
});

test('what cannot be understood is refused with the reason', async () => {
  const { port, changes, ask } = await startServer();
  const headers = { host: `127.0.0.1:${port}`, 'content-type': json };
  expect(await ask({ headers, body: '{"on":' })).toMatchObject({ status: 400, body: { error: expect.stringContaining('JSON') as string } });
  expect(await ask({ headers, body: '{"on":"maybe"}' })).toEqual({ status: 400, body: { error: 'Expected `on` to be on or off, got `maybe`.' } });
  const unknown = (asked: string) => ({ status: 404, body: { error: expect.stringMatching(new RegExp(`^Unknown request \`${asked}\`\\. \`GET /\` lists the commands, \`POST /<command>\` runs one\\. Commands: policy, aaaa, .*\\.$`)) as string } });
  expect(await ask({ path: '/aaa', headers, body: on })).toEqual(unknown('POST /aaa'));
  expect(await ask({ method: 'GET', headers: { host: headers.host } })).toEqual(unknown('GET /aaaa'));
  expect(await ask({ path: '/constructor', headers, body: '{}' })).toEqual(unknown('POST /constructor'));
  expect(changes).toEqual([]);
});

test.each([
  { service: 'the DNS server', argv: () => dnsArgv({ name: 'web.lab.test', type: 'A', address: '198.51.100.11' }), without: ['policy', 'unrule'] },
  {
    service: 'a backend',
    argv: async () => nodeArgv('services/backend/main.ts', JSON.stringify({ listen: ['127.0.0.1'], port: await freePort(), seed: '1' })),
    without: ['certificate', 'close-idle', 'hand-over', 'heal-behaviour', 'listen', 'undrain'],
  },
])('$service shows for each command an example, and the command that takes it back', async ({ argv, without }) => {
  const { port, ask } = await startServer(await argv());
  const headers = { host: `127.0.0.1:${port}`, 'content-type': json };
  const look = async () => (await ask({ method: 'GET', path: '/', headers })).body as { now: object; commands: Record<string, Usage> };
  const call = async (name: string, args: object) => { expect(await ask({ path: `/${name}`, headers, body: JSON.stringify(args) })).toMatchObject({ status: 200 }); };
  const { now: atStart, commands } = await look();
  const others: string[] = [];
  for (const [name, { arguments: known, example, undo }] of Object.entries(commands)) {
    expect({ name, known: Object.keys(known) }).toEqual({ name, known: expect.arrayContaining(Object.keys(example)) as string[] });
    if (typeof undo === 'string') {
      others.push(name);
      continue;
    }
    await call(name, example);
    expect({ name, now: (await look()).now }).not.toEqual({ name, now: atStart });
    for (const [back, args] of Object.entries(undo)) await call(back, args);
    expect({ name, now: (await look()).now }).toEqual({ name, now: atStart });
  }
  expect(others.sort()).toEqual(without);
});

test('a drain with an argument that it does not know changes nothing', async () => {
  const { port, ask } = await startServer(nodeArgv('services/backend/main.ts', JSON.stringify({ listen: [], port: 8080, seed: '1' })));
  const headers = { host: `127.0.0.1:${port}`, 'content-type': json };
  expect(await ask({ path: '/drain', headers, body: '{"idle":"shut"}' })).toEqual({ status: 400, body: { error: 'Expected `idle` to be one of keep, close, got `shut`.' } });
  expect(await ask({ method: 'GET', path: '/', headers })).toMatchObject({ body: { now: { draining: false } } });
});

test('the port can be reached on loopback only', async () => {
  const { port } = await startServer();
  const reached = (address: string) => new Promise<string>((resolve) => {
    const socket = connect(port, address).on('connect', () => { resolve('connected'); }).on('error', (error: NodeJS.ErrnoException) => { resolve(error.code ?? ''); });
    onTestFinished(() => { socket.destroy(); });
  });
  expect(await reached('127.0.0.1')).toBe('connected');
  // Linux answers on all of 127.0.0.0/8. Here 127.0.0.2 stands for the addresses of a lab host: only a server that listens on all addresses answers there.
  expect(await reached('127.0.0.2')).toBe('ECONNREFUSED');
});

test.each(['', 'abc', '0', '80', '65536'])('LAB_CONTROL_PORT=%s is refused', async (port) => {
  const { exited } = localProcess(nodeArgv('services/backend/main.ts', '{"listen":[],"port":8080,"seed":"1"}'), { ...process.env, LAB_CONTROL_PORT: port });
  expect(await exited).toMatchObject({ code: 1, stderr: expect.stringContaining(`Expected \`LAB_CONTROL_PORT\` to be a whole number from 1024 to 65535, got \`${port}\`.`) as string });
});
