/**
 * The commands of a service over HTTP, for people who drive the lab with curl (docs/docker.md):
 *
 *   docker compose exec dns curl -sS localhost:9080/aaaa -H 'content-type: application/json' -d '{"on":true}'
 *
 * The service listens on 127.0.0.1, so the lab network cannot reach it: a client under test must not change its own lab. Every program beside
 * the service can reach it. If one of them is a browser, it sends requests for any web page, so these rules refuse the requests of web pages:
 *
 *   Host must be loopback's       A page can point a name of its own at 127.0.0.1 (DNS rebinding), but the browser still sends that name.
 *   no Origin                     A browser adds this header to each POST of a page (Fetch standard, "`Origin` header").
 *   a body of application/json    Without asking first, a browser sends only a POST without a body, text/plain, or a form (Fetch standard,
 *                                 "CORS-safelisted request-header").
 */
import type { IncomingHttpHeaders } from 'node:http';
import fastify, { type FastifyError } from 'fastify';
import type { Command } from '../lab/vocabulary/control.ts';
import { LabError, messageOf } from '../lab/vocabulary/errors.ts';
import type { About } from './usage.ts';

/**
 * `GET /` shows what has been changed so far, and lists the commands; `POST /<command>` runs one, with the body as its arguments. Resolves when
 * the service listens.
 */
export async function serveHttpControl(commands: Record<string, Command>, about: About, port: number): Promise<void> {
  const app = fastify();
  app.addHook('onRequest', async ({ method, headers }, reply) => {
    const refusal = refusalOf(method, headers, port);
    if (refusal) await reply.code(refusal.status).send({ error: refusal.reason });
  });
  app.get('/', (_request, reply) => {
    // People read it, so it has line breaks.
    void reply.type('application/json').send(`${JSON.stringify({ now: about.now(), commands: about.usage }, null, 2)}\n`);
  });
  for (const [name, command] of Object.entries(commands)) {
    app.post(`/${name}`, async ({ body }) => ({ result: (await command(readArguments(body))) ?? null }));
  }
  app.setNotFoundHandler(({ method, url }, reply) =>
    reply.code(404).send({ error: `Unknown request \`${method} ${url}\`. \`GET /\` lists the commands, \`POST /<command>\` runs one. Commands: ${Object.keys(commands).join(', ')}.` }));
  app.setErrorHandler((error: FastifyError, _request, reply) => reply.code(error.statusCode ?? 400).send({ error: messageOf(error) }));
  await app.listen({ port, host: '127.0.0.1' });
}

/** Returns why a request is refused, and the status that says so (RFC 9110), or null if it may be obeyed. */
function refusalOf(method: string, headers: IncomingHttpHeaders, port: number): { status: number; reason: string } | null {
  const { host, origin, 'content-type': type, 'content-length': length, 'transfer-encoding': coding } = headers;
  const [first = '', second = '', third = ''] = ['localhost', '127.0.0.1', '[::1]'].map((name) => `${name}:${port}`);
  if (![first, second, third].includes(host?.toLowerCase() ?? '')) {
    return { status: 403, reason: `Expected the header Host to be ${first}, ${second} or ${third}, got ${quoted(host)}. Give the command on the machine or in the container where this service runs.` };
  }
  if (origin !== undefined) {
    return { status: 403, reason: `Expected no header Origin, got ${quoted(origin)}. A web page may not give commands. Use a program that sends no such header, for example curl.` };
  }
  if (method !== 'POST') return null;
  if (coding === undefined && !Number(length)) return { status: 400, reason: noArguments('none') };
  if (!/^application\/json *(; *charset=utf-8)?$/i.test(type ?? '')) {
    return { status: 415, reason: `Expected the header Content-Type to be application/json, got ${quoted(type)}. With curl: -H 'content-type: application/json'.` };
  }
  return null;
}

function quoted(value: string | undefined): string {
  return value === undefined ? 'none' : `\`${value}\``;
}

function noArguments(seen: string): string {
  return `Expected the body to be a JSON object with the arguments of the command, got ${seen}. A command without arguments takes {}.`;
}

/** @throws {LabError} BAD_INPUT if the body is not an object. */
function readArguments(body: unknown): Record<string, unknown> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new LabError('BAD_INPUT', noArguments(quoted(JSON.stringify(body))));
}
