/**
 * The commands of a service over HTTP, for people who drive the lab with curl (docs/docker.md):
 *
 *   curl -s localhost:9053/aaaa -d '{"on":true}' -H 'content-type: application/json'
 */
import fastify from 'fastify';
import type { Command } from '../lab/vocabulary/control.ts';
import { messageOf } from '../lab/vocabulary/errors.ts';

/** `GET /` lists the commands; `POST /<command>` runs one with the body as its arguments. */
export async function serveHttpControl(commands: Record<string, Command>, port: number): Promise<void> {
  const app = fastify();
  app.get('/', () => ({ commands: Object.keys(commands) }));
  for (const [name, command] of Object.entries(commands)) {
    app.post<{ Body: Record<string, unknown> | null }>(`/${name}`, async (request, reply) => {
      try {
        return { result: (await command(request.body ?? {})) ?? null };
      } catch (error) {
        return await reply.code(400).send({ error: messageOf(error) });
      }
    });
  }
  await app.listen({ port, host: '::' });
}
