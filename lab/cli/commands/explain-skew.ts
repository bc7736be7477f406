/** `lab explain-skew`: what each resolver makes of the answers of DNS, for one client, from the exact model. */
import { parseAddress, parseHostAddress } from '../../skew/model/address.ts';
import { explainSkew, type Explained, type SkewQuestion } from '../../skew/model/explain-skew.ts';
import { readGaiConf } from '../../skew/model/prefix-table.ts';
import { policies } from '../../skew/model/shares.ts';
import { pc, wrapped } from '../../vocabulary/terminal.ts';
import { oneOf, readValue, wholeNumber } from '../../vocabulary/values.ts';

export interface ExplainSkewFlags {
  client: string[];
  answers?: string;
  returned?: string;
  policy: string;
  gaiConf?: string;
  json?: boolean;
}

/** @throws {LabError} BAD_INPUT for input that the model cannot answer. */
export function explainSkewLines(flags: ExplainSkewFlags): string[] {
  const question = readQuestion(flags);
  const resolvers = explainSkew(question);
  if (flags.json) return [JSON.stringify({ ...asked(question), resolvers }, null, 2)];
  return [...headLines(question), ...groupsOf(resolvers).flatMap((group) => ['', ...groupLines(group)]), ...footLines(question)];
}

function readQuestion({ client, answers = '', returned, policy, gaiConf }: ExplainSkewFlags): SkewQuestion {
  return {
    client: client.map((text) => parseHostAddress(text, '--client')),
    answers: answers.split(',').map((word) => word.trim()).filter((word) => word !== '').map((text) => parseAddress(text, '--answers')),
    returned: returned === undefined ? null : readValue(wholeNumber(1), returned, '--returned'),
    policy: readValue(oneOf(policies), policy, '--policy'),
    ...(gaiConf === undefined ? {} : { gai: readGaiConf(gaiConf) }),
  };
}

function asked({ client, answers, returned, policy }: SkewQuestion): object {
  return { client: client.map(({ text, prefixLength }) => `${text}/${prefixLength}`), answers: answers.map(({ text }) => text), returned, policy };
}

const policyTexts = { shuffle: 'shuffled', fixed: 'in this order', rotate: 'rotated by one for each query' };

function headLines({ client, answers, returned, policy }: SkewQuestion): string[] {
  return [
    `client   ${client.map(({ text, prefixLength }) => `${text}/${prefixLength}`).join(', ')}`,
    `DNS      ${answers.map(({ text }) => text).join(' ')}`,
    `         ${policyTexts[policy]}, ${returned === null ? 'all' : `the first ${returned}`} of them${new Set(answers.map(({ family }) => family)).size > 1 && returned !== null ? ', for each of A and AAAA' : ''}`,
  ];
}

/** Resolvers with the same result are shown together. */
function groupsOf(resolvers: readonly Explained[]): Explained[][] {
  const groups = new Map<string, Explained[]>();
  for (const each of resolvers) {
    const key = JSON.stringify([each.fractions, each.order, each.because]);
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()];
}

function groupLines(group: readonly Explained[]): string[] {
  const [first] = group;
  if (!first) return [];
  const shares = Object.entries(first.shares).toSorted(([, one], [, other]) => other - one);
  const widest = Math.max(...shares.map(([address]) => address.length));
  const longest = Math.max(...Object.values(first.fractions).map((text) => text.length));
  const names = (basis: Explained['basis']): string[] => group.filter((each) => each.basis === basis).map(({ name }) => name);
  return [
    ...wrapped(names('measured').join(', '), 0).filter((line) => line !== '').map((line) => pc.bold(line)),
    ...(names('documented').length > 0 ? wrapped(`documented, not measured here: ${names('documented').join(', ')}`, 0) : []),
    ...shares.map(([address, share]) => `  ${address.padEnd(widest)}  ${(first.fractions[address] ?? '').padStart(longest)}  ${percent(share)}  ${'█'.repeat(Math.round(share * 30))}`.trimEnd()),
    ...wrapped(first.because, 2).map((line) => `  ${line}`),
    ...wrapped(`order: ${first.order.map((members) => members.join(' = ')).join(' > ')}${first.noRoute.length > 0 ? `; no route to ${first.noRoute.join(', ')}` : ''}`, 2).map((line) => `  ${pc.dim(line)}`),
  ];
}

const percent = (share: number): string => `${(100 * share).toFixed(1).padStart(5)} %`;

function footLines({ client }: SkewQuestion): string[] {
  return [
    '',
    ...wrapped('A share is the part of all new connections, if each client uses the first address to which it has a route. `=` joins addresses that keep the order of DNS among themselves. Connections that are kept open change the shares; the model does not know them.', 0).map((line) => pc.dim(line)),
    ...(client.some(({ family }) => family === 6) ? [] : wrapped('No IPv6 address was given. The rows of glibc are for a host with a link-local one, as nearly every host has; glibc-without-ipv6 is for a host with none.', 0).map((line) => pc.dim(line))),
  ];
}
