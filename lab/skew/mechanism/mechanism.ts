/**
 * Why one backend has more than its share, read from the evidence of a run alone. A mechanism is named only if it predicts nearly all of the connections
 * that were seen. Otherwise it is none of those known.
 */
import { skewOf } from '../../analysis/skew.ts';
import type { TimelineEvent } from '../../vocabulary/events.ts';
import { commonBits, parseAddress, type HostAddress } from '../model/address.ts';
import { evidenceOf, type Connection, type Evidence } from './evidence.ts';

export type MechanismName = 'chance' | 'same-order' | 'cut-answers' | 'rule-9' | 'cache' | 'kept-connections' | 'rolling-restart' | 'first-server-up';

export interface Mechanism {
  name: MechanismName;
  /** The evidence, in a sentence. */
  text: string;
}

/** The mechanism in words. */
export function mechanismText(mechanism: Mechanism | null): string {
  return mechanism === null ? 'none of those known' : `${mechanism.name}: ${mechanism.text}`;
}

/** A spread that chance makes in less than one run of a thousand is skew. */
const leastChance = 0.001;
/** A mechanism must predict so much of what was seen: a few connections can go another way, for instance after a lost packet. */
const nearlyAll = 0.95;
/** Fewer lookups do not show that an order never changes, or that an address is never sent. With 20 of three addresses, that is chance in 1 of 10^9 runs. */
const enoughLookups = 20;
/** A connection that carries so many requests on average is kept. */
const keptRequests = 2;
/** From so many connections for each lookup on, answers are used again. A client that has two connections for each lookup is not a cache. */
const cachedConnections = 3;

/** Returns the mechanism behind the shares of the client's requests, or null for none of those known. `client`: the addresses of the client's host. */
export function mechanismOf(events: readonly TimelineEvent[], client: readonly HostAddress[]): Mechanism | null {
  const evidence = evidenceOf(events, client.map(({ text }) => text));
  const total = sumOf(evidence.requests);
  const { chi2p } = skewOf(evidence.requests);
  if (total === 0 || chi2p === null || evidence.connections.length === 0) return null;
  if (chi2p >= leastChance) return { name: 'chance', text: `no more uneven than chance makes with ${count(total, 'request')} on ${count(evidence.connections.length, 'connection')} (p ${chi2p.toPrecision(2)})` };
  const isKept = total / evidence.connections.length >= keptRequests;
  return (isKept ? (rollingRestart(evidence) ?? firstServerUp(evidence) ?? keptConnections(evidence)) : null) ?? cache(evidence) ?? sameOrder(evidence) ?? cutAnswers(evidence) ?? rule9(evidence, client);
}

/** Servers ended the connections, one server after the other, and what is left is the less, the later a server did it. */
function rollingRestart({ backends, connections, requests }: Evidence): Mechanism | null {
  const ended = backends.flatMap((backend) => {
    const times = connections.flatMap((each) => (each.backend === backend && each.endedByServerMs !== null ? [each.endedByServerMs] : []));
    return times.length >= 2 ? [{ backend, firstMs: Math.min(...times), lastMs: Math.max(...times) }] : [];
  }).sort((one, other) => one.firstMs - other.firstMs);
  if (ended.length < 2 || ended.some(({ firstMs }, index) => firstMs <= (ended[index - 1]?.lastMs ?? -Infinity))) return null;
  const left = (backend: string): number => connections.filter((each) => each.backend === backend && each.endedByServerMs === null).length;
  const [least, last] = [Math.min(...backends.map(left)), ended.at(-1)?.backend ?? ''];
  if (left(last) !== least || last === hottest({ backends, requests })) return null;
  return { name: 'rolling-restart', text: `the servers ended the kept connections one after the other (${ended.map(({ backend }) => backend).join(', ')}), and nothing brought them back: ${backends.map((backend) => `${backend} has ${left(backend)} left`).join(', ')}` };
}

/** The connections were opened while the other backends were down, and stay. */
function firstServerUp(evidence: Evidence): Mechanism | null {
  const { backends, connections, wasDown } = evidence;
  const hot = hottest(evidence);
  const others = backends.filter((backend) => backend !== hot);
  const alone = connections.filter(({ backend, openedMs }) => backend === hot && others.every((other) => wasDown(other, openedMs)));
  const back = others.filter((other) => !wasDown(other, Infinity));
  if (alone.length === 0 || sumOf(alone.map(({ requests }) => requests)) < nearlyAll * (evidence.requests[backends.indexOf(hot)] ?? 0) || back.length === 0) return null;
  return { name: 'first-server-up', text: `${count(alone.length, 'connection')} to ${hot} were opened while the other backends were down, and are kept: they carry ${sumOf(alone.map(({ requests }) => requests))} of ${sumOf(evidence.requests)} requests, also since ${back.join(' and ')} came back` };
}

/** Few connections carry all requests, and they are no more uneven than chance. */
function keptConnections({ backends, connections, requests }: Evidence): Mechanism | null {
  const perBackend = backends.map((backend) => connections.filter((each) => each.backend === backend).length);
  if ((skewOf(perBackend).chi2p ?? 0) < leastChance) return null;
  return { name: 'kept-connections', text: `${count(sumOf(requests), 'request')} on ${count(connections.length, 'kept connection')}${connections.length === 1 ? '' : `, up to ${Math.max(...connections.map((each) => each.requests))} on one`}. A request on a kept connection asks no DNS` };
}

/** One answer of DNS served many connections. */
function cache(evidence: Evidence): Mechanism | null {
  const { connections, lookups } = evidence;
  if (lookups === 0 || connections.length < cachedConnections * lookups) return null;
  const missing = neverSent(evidence);
  if (connections.some(({ backend }) => missing.includes(backend))) return null;
  return { name: 'cache', text: `a cache: DNS answered ${count(lookups, 'lookup')}, and ${connections.length} connections used ${lookups === 1 ? 'its answer' : 'their answers'}${neverSentText(evidence)}` };
}

/** DNS sends one address first, always, and the connections go there. */
function sameOrder({ connections, sent, lookups }: Evidence): Mechanism | null {
  const firsts = new Set(connections.flatMap(({ answer }) => answer?.addresses[0] ?? []));
  const [first = ''] = firsts;
  const orders = new Set(sent.map((addresses) => addresses.join()));
  const families = new Set(sent.map(([address = '']) => address.includes(':')));
  if (firsts.size !== 1 || lookups < enoughLookups || orders.size !== families.size || sent.every(({ length }) => length === 1)) return null;
  if (!predicts(connections, ({ address }) => address === first)) return null;
  return { name: 'same-order', text: `DNS does not shuffle: ${first} was the first address of all ${lookups} answers, and the client dials the first one` };
}

/** DNS never sends the addresses of some backends, and the others are even. */
function cutAnswers(evidence: Evidence): Mechanism | null {
  const { connections, lookups, backends } = evidence;
  const missing = neverSent(evidence);
  if (missing.length === 0 || lookups < enoughLookups) return null;
  const used = connections.map(({ backend }) => backend);
  if (used.some((backend) => missing.includes(backend))) return null;
  const isEven = (skewOf(backends.filter((backend) => !missing.includes(backend)).map((backend) => used.filter((each) => each === backend).length)).chi2p ?? 0) >= leastChance;
  return isEven ? { name: 'cut-answers', text: `DNS sent no address of ${missing.join(' and ')} in ${lookups} answers, and shuffles the others: the answer is cut before it is shuffled` } : null;
}

/** The resolver moves the address to the front that shares the longest prefix with the client's own address (RFC 6724, rule 9). */
function rule9(evidence: Evidence, client: readonly HostAddress[]): Mechanism | null {
  const { connections } = evidence;
  const bitsOf = (address: string): number => Math.max(...client.map((own) => commonBits(parseAddress(address, 'events'), own)));
  const choices = connections.filter(({ answer, failedBefore }) => answer !== null && failedBefore.length === 0 && answer.addresses.length > 1);
  const reordered = choices.filter((each) => !followsDns(each));
  // In the resolver's sort, addresses with equally many bits keep the order of DNS.
  const isPredicted = ({ address, answer }: Connection): boolean => {
    const bits = (answer?.addresses ?? []).map(bitsOf);
    return answer?.addresses[bits.indexOf(Math.max(...bits))] === address;
  };
  if (reordered.length === 0 || !predicts(connections, isPredicted)) return null;
  const near = reordered.reduce((best, { address }) => (best === '' || bitsOf(address) > bitsOf(best) ? address : best), '');
  const holding = choices.filter(({ answer }) => answer?.addresses.includes(near));
  const far = Math.max(...choices.flatMap(({ answer }) => answer?.addresses ?? []).map(bitsOf).filter((bits) => bits < bitsOf(near)));
  return {
    name: 'rule-9',
    text: `the client's resolver sorts, by rule 9: ${near} shares ${bitsOf(near)} bits with the client's address, others ${far} or fewer. It was first in ${holding.filter(({ answer }) => answer?.addresses[0] === near).length} of the ${holding.length} answers that held it, and dialled after ${holding.filter(({ address }) => address === near).length} of them${neverSentText(evidence)}`,
  };
}

/** The backends that were in no answer of the DNS server. */
function neverSent({ sent, backends, backendAt }: Evidence): string[] {
  const offered = new Set(sent.flat().map((address) => backendAt.get(address)));
  return backends.filter((backend) => !offered.has(backend));
}

function neverSentText(evidence: Evidence): string {
  const missing = neverSent(evidence);
  return missing.length === 0 ? '' : `. ${missing.join(' and ')} ${missing.length === 1 ? 'was' : 'were'} in no answer of DNS`;
}

const followsDns = ({ address, answer, failedBefore }: Connection): boolean => answer?.addresses.find((each) => !failedBefore.includes(each)) === address;

function predicts(connections: readonly Connection[], isPredicted: (connection: Connection) => boolean): boolean {
  return connections.filter(isPredicted).length >= nearlyAll * connections.length;
}

function hottest({ backends, requests }: Pick<Evidence, 'backends' | 'requests'>): string {
  return backends[requests.indexOf(Math.max(...requests))] ?? '';
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}
