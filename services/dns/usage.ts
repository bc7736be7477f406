/** What `GET /` tells about the commands of the DNS server, on a lab that people drive with curl. */
import { expectedOf, flag, oneOf, orNull, text } from '../../lab/vocabulary/values.ts';
import { rcodeNames } from '../../lab/vocabulary/rcodes.ts';
import type { Usage } from '../usage.ts';
import { filterNames } from './filters.ts';
import { tcpModes } from './listen.ts';
import { delayKind, impairedKind, protocolsKind, recordActions, selectKind, ttlKind } from './policy.ts';
import { addressTypes, anyAddress } from './records.ts';
import { effectFields, matchFields, truncationKind } from './rules.ts';

const on = { on: expectedOf(flag) };
const type = { type: `${expectedOf(oneOf(addressTypes))}; both if it is left out` };
const filter = expectedOf(oneOf(filterNames));
const fieldsText = (fields: Record<string, Parameters<typeof expectedOf>[0]>): string => `an object with some of: ${Object.entries(fields).map(([name, kind]) => `${name} (${expectedOf(kind)})`).join(', ')}`;
const web = { name: 'web.lab.test', type: 'A' };

export const dnsUsage = {
  policy: { does: 'shows the policy, and changes nothing', arguments: {}, example: {}, undo: 'Nothing remains that could be undone.' },
  aaaa: { does: 'whether there are AAAA records at all', arguments: on, example: { on: true }, undo: { aaaa: { on: false } } },
  aa: { does: 'the flag AA (authoritative answer) of answers from lab.test', arguments: on, example: { on: false }, undo: { aa: { on: true } } },
  ra: { does: 'the flag RA (recursion available) of all answers', arguments: on, example: { on: false }, undo: { ra: { on: true } } },
  soa: { does: 'the SOA in answers without a record', arguments: on, example: { on: false }, undo: { soa: { on: true } } },
  ttl: { does: 'the TTL of all records', arguments: { seconds: expectedOf(ttlKind) }, example: { seconds: 5 }, undo: { ttl: { seconds: 60 } } },
  filter: {
    does: 'switches one filter of the chain that chooses the addresses of each answer',
    arguments: { filter, ...on, n: `${expectedOf(selectKind)}: how many records selectFirst keeps; as before if it is left out`, ...type },
    example: { filter: 'shuffle', on: false },
    undo: { filter: { filter: 'shuffle', on: true } },
  },
  chain: {
    does: 'replaces the chain; its filters act in the order of the list',
    arguments: { links: `a list, each entry ${filter}; selectFirst with a number`, ...type },
    example: { links: ['selectFirst 2', 'shuffle'] },
    undo: { chain: { links: ['up', 'shuffle', 'selectFirst 2'] } },
  },
  record: {
    does: 'adds or removes a record, or marks it down or up for the filter `up`',
    arguments: { action: expectedOf(oneOf(recordActions)), name: expectedOf(text), type: expectedOf(oneOf(addressTypes)), address: expectedOf(anyAddress) },
    example: { action: 'down', ...web, address: '198.51.100.11' },
    undo: { record: { action: 'up', ...web, address: '198.51.100.11' } },
  },
  announce: {
    does: 'which protocols the HTTPS records announce, the preferred one first',
    arguments: { alpn: expectedOf(protocolsKind) },
    example: { alpn: ['h3', 'h2', 'http/1.1'] },
    undo: { announce: { alpn: ['h2', 'http/1.1'] } },
  },
  readdress: {
    does: 'gives another address to every record that has the address `from`',
    arguments: { from: expectedOf(anyAddress), to: expectedOf(anyAddress) },
    example: { from: '198.51.100.11', to: '198.51.100.99' },
    undo: { readdress: { from: '198.51.100.99', to: '198.51.100.11' } },
  },
  rule: {
    does: 'does something to some of the queries',
    arguments: { id: expectedOf(text), match: fieldsText(matchFields), effect: fieldsText(effectFields) },
    example: { id: 'mine', match: { type: 'AAAA', percent: 50 }, effect: { delayMs: 300 } },
    undo: { unrule: { id: 'mine' } },
  },
  unrule: { does: 'removes a rule', arguments: { id: expectedOf(text) }, example: { id: 'mine' }, undo: 'Set the rule again.' },
  tcp: { does: 'what happens to DNS over TCP', arguments: { mode: expectedOf(oneOf(tcpModes)) }, example: { mode: 'refuse' }, undo: { tcp: { mode: 'answer' } } },
  impair: {
    does: 'answers the queries of a type late, not at all, with an error, or truncated over UDP',
    arguments: { type: `${expectedOf(impairedKind)}; A and AAAA if it is left out`, delayMs: expectedOf(delayKind), drop: expectedOf(flag), rcode: expectedOf(orNull(oneOf(rcodeNames))), truncate: `${expectedOf(orNull(truncationKind))}: how many records stay` },
    example: { type: 'A', delayMs: 300 },
    undo: { impair: { type: 'A', delayMs: 0 } },
  },
} satisfies Record<string, Usage>;
