/** `lab explain-skew`: what each resolver makes of the answers of DNS, for one client, from the exact model. */
import { fitsShares } from '../../analysis/skew.ts';
import { mechanismText } from '../../skew/mechanism/mechanism.ts';
import { parseAddress, parseHostAddress } from '../../skew/model/address.ts';
import { explainSkew, type Explained, type SkewQuestion } from '../../skew/model/explain-skew.ts';
import { readGaiConf } from '../../skew/model/prefix-table.ts';
import { readRun, type RunFacts } from '../../skew/model/read-run.ts';
import { resolverOf } from '../../skew/model/resolvers.ts';
import { policies } from '../../skew/model/shares.ts';
import { LabError } from '../../vocabulary/errors.ts';
import { pc, wrapped } from '../../vocabulary/terminal.ts';
import { oneOf, readValue, wholeNumber } from '../../vocabulary/values.ts';

export interface ExplainSkewFlags {
  client: string[];
  answers?: string;
  returned?: string;
  policy?: string;
  gaiConf?: string;
  from?: string;
  json?: boolean;
}

/** @throws {LabError} BAD_INPUT for input that the model cannot answer. */
export function explainSkewLines(flags: ExplainSkewFlags): string[] {
  const run = flags.from === undefined ? null : readRun(flags.from);
  const question = run ? questionOf(run, flags) : readQuestion(flags);
  const resolvers = explainSkew(question).map((each) => (run ? { ...each, fits: fits(run, each) } : each));
  if (flags.json) return [JSON.stringify({ ...asked(question), ...(run ? { run: { scenario: run.scenario, client: run.client, connections: Object.fromEntries(run.connections), mechanism: run.mechanism } } : {}), resolvers }, null, 2)];
  return [
    ...(run ? runLines(run) : headLines(question)),
    ...groupsOf(resolvers).flatMap((group) => ['', ...groupLines(group, run)]),
    ...(run ? verdictLines(run, resolvers) : footLines(question)),
  ];
}

function readQuestion({ client, answers = '', returned, policy = 'shuffle', gaiConf }: ExplainSkewFlags): SkewQuestion {
  return {
    client: client.map((text) => parseHostAddress(text, '--client')),
    answers: answers.split(',').map((word) => word.trim()).filter((word) => word !== '').map((text) => parseAddress(text, '--answers')),
    returned: returned === undefined ? null : readValue(wholeNumber(1), returned, '--returned'),
    policy: readValue(oneOf(policies), policy, '--policy'),
    ...(gaiConf === undefined ? {} : { gai: readGaiConf(gaiConf) }),
  };
}

function questionOf({ addresses, offered, sent }: RunFacts, { client, answers, returned, policy, gaiConf }: ExplainSkewFlags): SkewQuestion {
  const given = Object.entries({ client: client[0], answers, returned, policy }).find(([, value]) => value !== undefined);
  if (given) throw new LabError('BAD_INPUT', `Expected \`--from\` without \`--${given[0]}\`: the run itself says what its client was and what DNS sent.`);
  return { client: addresses, answers: offered, returned: null, policy: 'fixed', sent, ...(gaiConf === undefined ? {} : { gai: readGaiConf(gaiConf) }) };
}

/** Fewer connections than this tell no share from another one. */
const enoughConnections = 20;

/** Null where there are too few connections to say. */
function fits({ connections }: RunFacts, { shares }: Explained): boolean | null {
  const counts = [...connections.values()];
  return counts.reduce((sum, count) => sum + count, 0) < enoughConnections ? null : fitsShares(counts, [...connections.keys()].map((address) => shares[address] ?? 0));
}

function asked({ client, answers, returned, policy, sent }: SkewQuestion): object {
  return { client: client.map(({ text, prefixLength }) => `${text}/${prefixLength}`), answers: answers.map(({ text }) => text), ...(sent ? { lookups: sent.length } : { returned, policy }) };
}

const policyTexts = { shuffle: 'shuffled', fixed: 'in this order', rotate: 'rotated by one for each query' };

function headLines({ client, answers, returned, policy }: SkewQuestion): string[] {
  const isEach = returned !== null && new Set(answers.map(({ family }) => family)).size > 1;
  return [
    `client  ${clientText(client)}`,
    ...wrapped(`DNS has ${answers.map(({ text }) => text).join(' ')}`, 0),
    `DNS sends ${returned === null ? 'all of them' : `${returned} of them`}${isEach ? ' in each answer, A and AAAA' : ''}, ${policyTexts[policy]}`,
  ];
}

const clientText = (client: SkewQuestion['client']): string => client.map(({ text, prefixLength }) => `${text}/${prefixLength}`).join(', ');

function runLines({ scenario, client, addresses, offered, sent, connections, mechanism }: RunFacts): string[] {
  const total = [...connections.values()].reduce((sum, count) => sum + count, 0);
  return [
    `run     ${scenario} with ${client}: ${sent.length} lookups, ${total} connections`,
    `client  ${clientText(addresses)}`,
    ...wrapped(`DNS sent ${offered.map(({ text }) => text).join(' ')}`, 0),
    ...wrapped(`why     ${mechanismText(mechanism)}`, 8).map((line, index) => (index === 0 ? line : `        ${line}`)),
  ];
}

/** Resolvers with the same result are shown together. */
function groupsOf<Each extends Explained>(resolvers: readonly Each[]): Each[][] {
  const groups = new Map<string, Each[]>();
  for (const each of resolvers) {
    const key = JSON.stringify([each.fractions, each.places, each.order, each.because]);
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()];
}

function groupLines(group: readonly Explained[], run: RunFacts | null): string[] {
  const [first] = group;
  if (!first) return [];
  const shares = Object.entries(first.shares).toSorted(([, one], [, other]) => other - one);
  const widest = Math.max(...shares.map(([address]) => address.length));
  const longest = Math.max(...Object.values(first.fractions).map((text) => text.length));
  const names = (basis: Explained['basis']): string => group.filter((each) => each.basis === basis).map(({ name }) => name).join(', ');
  const row = ([address, share]: [string, number]): string =>
    `  ${address.padEnd(widest)}  ${(first.fractions[address] ?? '').padStart(longest)}  ${percent(share)}  ${placeText(first, address).padEnd(12)}${run ? `  ${String(run.connections.get(address) ?? 0).padStart(5)} connections` : ''}  ${'█'.repeat(Math.round(share * 24))}`.trimEnd();
  const fit = run && fits(run, first);
  return [
    ...(names('measured') === '' ? [] : wrapped(names('measured'), 0).map((line) => pc.bold(line))),
    ...(names('documented') === '' ? [] : wrapped(`documented, not measured here: ${names('documented')}`, 0)),
    ...shares.map(row),
    ...wrapped(first.because, 2).map((line) => `  ${line}`),
    ...(first.order.length > 1 ? wrapped(`order: ${first.order.map((members) => members.join(' = ')).join(' > ')}`, 2).map((line) => `  ${line}`) : []),
    ...(fit === null ? [] : [fit ? pc.green('  the run fits') : '  the run does not fit']),
  ];
}

/** Where in the resolver's list the address can stand. */
function placeText({ places, noRoute }: Explained, address: string): string {
  const place = places[address];
  if (noRoute.includes(address)) return 'no route';
  if (!place) return 'not sent';
  return `place ${place[0] === place[1] ? place[0] : `${place[0]} to ${place[1]}`}`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1).padStart(5)} %`;

function verdictLines(run: RunFacts, resolvers: readonly (Explained & { fits?: boolean | null })[]): string[] {
  const named = resolverOf(run);
  const own = resolvers.find(({ name }) => name === named);
  const verdict =
    own === undefined ? `The lab does not know how ${run.client} looks names up.`
    : own.fits === null || own.fits === undefined ? `Fewer than ${enoughConnections} connections: too few to judge.`
    : `${run.client} looks names up as ${own.name}: the shares ${own.fits ? 'fit the model' : 'do not fit the model'}.${own.fits ? '' : ' Something else decides: connections that fail, a cache, or more than one connection for a lookup.'}`;
  return ['', ...wrapped(verdict, 0).map((line) => pc.bold(line))];
}

function footLines({ client }: SkewQuestion): string[] {
  const notes = [
    'A share is the part of all new lookups, if each client connects to the first address to which it has a route. A client that keeps an answer, as Java does for 30 s, connects to one address for that time. `=` joins addresses that keep the order of DNS among themselves. Connections that are kept open change the shares; the model does not know them.',
    ...(client.some(({ family }) => family === 6) ? [] : ['No IPv6 address was given. The rows of glibc are for a host with a link-local one, as nearly every host has; glibc-without-ipv6 is for a host with none.']),
  ];
  return ['', ...notes.flatMap((note) => wrapped(note, 0)).map((line) => pc.dim(line))];
}
