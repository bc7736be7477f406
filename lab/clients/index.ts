/** The clients that a run can use. A client of this table has a name; any command is a client, too. */
import { profiles, type ProfileName } from '../../client/external/index.ts';
import type { Profile, Program } from '../../client/external/profile.ts';
import type { Http2, Tls } from '../../client/external/tls.ts';
import { clientOptions, type ClientOptions } from '../../client/client-options.ts';
import { LabError, unknownName } from '../vocabulary/errors.ts';
import { defaultsOf, parseOptions } from '../vocabulary/options.ts';
import { optionsForAny } from './external-client.ts';
import { splitWords } from './split-words.ts';
import { parseVariant, type VariantOptions } from './variants.ts';

/** How our clients speak TLS. `http=2` has them speak HTTP/2. */
const tls = { givenBy: 'the option `ca` of tls.connect', http2: 'by option' as Http2 };

/** Our clients differ in their transport. */
export const ownClients = {
  'node-fetch': { summary: 'our client on fetch (undici, as built into Node): traced, and held to a contract', options: { transport: 'fetch' }, tls },
  'node-http': { summary: 'our client on node:http with an agent: traced, and held to a contract', options: { transport: 'http' }, tls },
} satisfies Record<string, { summary: string; options: Partial<ClientOptions>; tls: Pick<Tls, 'givenBy' | 'http2'> }>;
export type OwnClientName = keyof typeof ownClients;
export const ownClientNames = Object.keys(ownClients) as OwnClientName[];

export const clientNames = [...ownClientNames, ...Object.keys(profiles)];

/** What `--client` names: one of ours, a profile with the options behind its name, or a command. */
export type Client = { name: string } & ({ own: OwnClientName } | { profile: Profile; base: ProfileName; options: VariantOptions } | { command: Program });

/**
 * Reads `--client`: a name of the table, which may have options behind it (`axios?timeout=1000`), or a command. A command has a blank, a `/` or `{url}` in it. A list is always a command: its argv. A command
 * with `{url}` runs once for each request; a command without it is started once and speaks the protocol of docs/clients.md.
 * @throws {LabError} BAD_INPUT that lists the clients.
 */
export function parseClient(words: string | readonly string[]): Client {
  if (typeof words !== 'string') {
    if (words.length === 0) throw new LabError('BAD_INPUT', 'Expected the argv of a client, got an empty list.');
    return commandClient(words.join(' '), [...words]);
  }
  const text = words;
  if (Object.hasOwn(ownClients, text)) return { name: text, own: text as OwnClientName };
  const [base = '', ...rest] = text.split('?');
  if (Object.hasOwn(ownClients, base)) throw new LabError('BAD_INPUT', `\`${base}\` takes no options behind its name. It takes them by --set key=value. Got \`${text}\`.`);
  if (Object.hasOwn(profiles, base)) return { base: base as ProfileName, profile: profiles[base as ProfileName], ...parseVariant(base, profiles[base as ProfileName], rest.length === 0 ? null : rest.join('?')) };
  const argv = splitWords(text);
  if (argv.length === 0 || !/[\s/]|\{url\}/.test(text.trim())) {
    throw unknownName('client', base, clientNames, "Or a command: 'curl -sS {url}'.");
  }
  return commandClient(text, argv);
}

function commandClient(name: string, argv: string[]): Client {
  if (argv.some((word) => word.includes('{url}'))) return { name, command: { asked: 'by arguments', argv } };
  return { name, command: { asked: 'over stdin', argv, saysReady: false } };
}

/** Whether a client is ours: traced, with options, and held to a contract. */
export function isOwn(client: Client): client is Client & { own: OwnClientName } {
  return 'own' in client;
}

/** The options of a client. The defaults are overruled by the scenario, then by the client's transport, then by the command line (`asked`). */
export function optionsFor(client: Client, scenario: Partial<ClientOptions>, asked: Partial<ClientOptions>): ClientOptions {
  return { ...defaultsOf(clientOptions), ...scenario, ...(isOwn(client) ? ownClients[client.own].options : {}), ...asked };
}

/**
 * Reads the options that somebody gives a client, words or values. Returns those alone, without the defaults of the others.
 * @throws {LabError} BAD_INPUT for an unknown option, a wrong value, and an option that this client cannot be given.
 */
export function askedOptions(client: Client, given: Readonly<Record<string, unknown>>): Partial<ClientOptions> {
  if ('transport' in given) throw new LabError('BAD_INPUT', `\`transport\` is not an option. The client decides it: ${ownClientNames.join(' or ')}.`);
  const alien = isOwn(client) ? undefined : Object.keys(given).find((key) => !(optionsForAny as readonly string[]).includes(key));
  if (alien !== undefined) {
    throw new LabError('BAD_INPUT', `\`${alien}\` is an option of our own client (${ownClientNames.join(' or ')}); for \`${client.name}\` you can set only ${optionsForAny.slice(0, -1).join(', ')} and ${optionsForAny.at(-1) ?? ''}.`);
  }
  return Object.fromEntries(Object.entries(parseOptions(clientOptions, given, 'the client')).filter(([key]) => key in given));
}

/** The names of those options that this client cannot be given. */
export function optionsNotApplied(client: Client, options: ClientOptions): string[] {
  if (isOwn(client)) return [];
  const defaults = defaultsOf(clientOptions);
  return (Object.keys(options) as (keyof ClientOptions)[]).filter((key) => options[key] !== defaults[key] && !(optionsForAny as readonly string[]).includes(key));
}
