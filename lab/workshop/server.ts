/** The server of the workshop: the page, one stream of events to each browser, and one route for commands. fastify does the HTTP; who may enter is a matter of door.ts. */
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyError, type FastifyReply } from 'fastify';
import { LabError, messageOf, unknownName } from '../vocabulary/errors.ts';
import { Door, type Guest, type Role } from './door.ts';
import type { Hello, OwnState, Said, Verb, Verbs, WorkshopState } from './messages.ts';
import type { WorkshopPage } from './page-html.ts';
import { Stream } from './stream.ts';

/** A command, what it is for a terminal, and how it is carried out. */
export interface Action<Name extends Verb> {
  /** The line that does the same in a terminal; empty where there is none. @throws {LabError} BAD_INPUT for arguments of another shape. */
  line(args: Verbs[Name]): string;
  /** Carries it out. The result is one line for the page. */
  act(args: Verbs[Name]): unknown;
}
/** The commands that the lab carries out. The others are the server's own. */
export type Actions = { [Name in Exclude<Verb, 'invite' | 'share'>]: Action<Name> };

export interface WorkshopOptions {
  page: WorkshopPage;
  /** What a page is told once, but for what the server itself knows. */
  hello: Omit<Hello, 'canShare'>;
  actions: Actions;
  /** The time of the lab, in ms. */
  now(): number;
  /** Called when a browser came or went, or the switch was moved: the state must be told again. */
  onChange(): void;
  /** The address to listen on; 127.0.0.1 if it is not given. Any other one is for a room of people: they only watch. */
  listen?: string;
  port: number;
}

export interface WorkshopServer extends AsyncDisposable {
  /** The link of the leader. It can be used once. */
  link: string;
  /** The link for all who only watch; null on loopback. */
  openLink: string | null;
  /** A link for one more browser, which watches. */
  invite(): string;
  stream: Stream;
  /** Tells all browsers how the lab is now. */
  tell(state: Omit<WorkshopState, 'watchers' | 'isShared'>): void;
}

const loopback = '127.0.0.1';
/** A command of a page is short. */
const longestBody = 100_000;

/** @throws {LabError} BAD_INPUT where the port or the address cannot be had. */
export async function startWorkshopServer({ page, hello, actions, now, onChange, listen = loopback, port }: WorkshopOptions): Promise<WorkshopServer> {
  const app = fastify({ bodyLimit: longestBody, forceCloseConnections: true });
  const stream = new Stream(onChange);
  let isShared = false;
  const canShare = listen === loopback;
  const mayAct = ({ role }: Guest): boolean => role === 'leader' || (isShared && canShare);
  const ownState = (guest: Guest) => (state: WorkshopState): OwnState => ({ ...state, mayAct: mayAct(guest), isLeader: guest.role === 'leader' });
  const say = (said: Omit<Said, 'tMs'>): void => { stream.add({ said: { tMs: now(), ...said } }); };
  // The port is known when the server listens, and the door before the first request.
  const { promise: opened, resolve: open } = Promise.withResolvers<Door>();

  app.addHook('onRequest', async ({ method, headers }, reply) => {
    reply.headers(page.headers);
    const refusal = (await opened).refusal(method, headers);
    if (refusal) await reply.code(refusal.status).send({ error: refusal.reason });
  });
  /** The browser that asks; null after an answer that refuses it. */
  const guestOf = async (headers: Parameters<Door['guest']>[0], reply: FastifyReply): Promise<Guest | null> => {
    const guest = (await opened).guest(headers);
    if (!guest) await reply.code(403).type('text/plain; charset=utf-8').send('This browser has no link to the lab, or its link was used already. Open the address that `lab workshop` prints, or ask its leader for another link.\n');
    return guest;
  };

  app.get<{ Querystring: { link?: unknown } }>('/', async ({ query, headers }, reply) => {
    if (typeof query.link === 'string') {
      const cookie = (await opened).enter(query.link);
      // The address without the token is what stays in the history of the browser.
      if (cookie !== null) return await reply.header('set-cookie', cookie).redirect('/', 303);
    }
    if (!(await guestOf(headers, reply))) return reply;
    return await reply.type('text/html; charset=utf-8').send(page.html);
  });
  app.get('/stream', async ({ headers }, reply) => {
    const guest = await guestOf(headers, reply);
    if (!guest) return reply;
    reply.hijack();
    for (const [name, value] of Object.entries(page.headers)) reply.raw.setHeader(name, value);
    const lastId = Number(headers['last-event-id']);
    stream.listen(reply.raw, Number.isSafeInteger(lastId) && lastId > 0 ? lastId : 0, { ...hello, canShare }, ownState(guest));
    return reply;
  });
  app.post('/act', async ({ body, headers }, reply) => {
    const guest = await guestOf(headers, reply);
    if (!guest) return reply;
    const { verb, args } = readCommand(body);
    if (!mayAct(guest)) throw new Forbidden('This browser only watches. The leader gives the commands.');
    if (verb === 'invite' || verb === 'share') {
      if (guest.role !== 'leader') throw new Forbidden(`Only the leader can ${verb === 'invite' ? 'invite other browsers' : 'move this switch'}.`);
      return { result: await own(verb, args) };
    }
    const action = actions[verb] as Action<Verb>;
    let line = '';
    try {
      line = action.line(args as never);
      const result = String(await action.act(args as never));
      if (line !== '' || verb === 'save') say({ line, result, isError: false });
      return { line, result };
    } catch (error) {
      if (line !== '') say({ line, result: messageOf(error), isError: true });
      throw error;
    }
  });
  app.setNotFoundHandler(async ({ method, url }, reply) => reply.code(404).send({ error: `There is no ${method} ${url.slice(0, 200)} here.` }));
  app.setErrorHandler(async (error: FastifyError, _request, reply) =>
    await reply.code(error instanceof Forbidden ? 403 : (error.statusCode ?? 400)).send({ error: messageOf(error) }));

  async function own(verb: 'invite' | 'share', args: object): Promise<string> {
    if (verb === 'invite') return (await opened).invite('watcher' satisfies Role);
    if (!canShare) throw new LabError('BAD_INPUT', 'Over `--listen` only the leader gives commands.');
    isShared = (args as { all?: unknown }).all === true;
    onChange();
    return isShared ? 'all browsers may give commands' : 'the leader alone gives commands';
  }

  try {
    await app.listen({ host: listen, port });
  } catch (error) {
    stream.end();
    await app.close();
    throw new LabError('BAD_INPUT', `The workshop cannot listen on ${listen} port ${port}: ${messageOf(error)}. Name another one: --port N${listen === loopback ? '' : ', --listen ADDRESS'}`, { cause: error });
  }
  const { port: given } = app.server.address() as AddressInfo;
  const door = new Door(`${listen.includes(':') ? `[${listen}]` : listen}:${given}`, !canShare);
  open(door);
  return {
    link: door.invite('leader'),
    openLink: door.openLink,
    invite: () => door.invite('watcher'),
    stream,
    tell: (state) => { stream.setState({ ...state, watchers: stream.watchers, isShared }); },
    [Symbol.asyncDispose]: async () => {
      stream.end();
      await app.close();
    },
  };

  function readCommand(body: unknown): { verb: Verb; args: object } {
    const { verb, args } = (typeof body === 'object' && body !== null ? body : {}) as { verb?: unknown; args?: unknown };
    const verbs = [...Object.keys(actions), 'invite', 'share'];
    if (typeof verb !== 'string' || typeof args !== 'object' || args === null || Array.isArray(args)) throw new LabError('BAD_INPUT', 'Expected {"verb":"heal","args":{"host":null}}.');
    if (!verbs.includes(verb)) throw unknownName('command', verb, verbs);
    return { verb: verb as Verb, args };
  }
}

/** A browser that is known may not do this. */
class Forbidden extends Error {}
