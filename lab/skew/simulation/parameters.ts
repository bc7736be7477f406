/** The parameters of a simulation: their units, their defaults, and which of them fit together. */
import { LabError } from '../../vocabulary/errors.ts';
import { choice, integer, onOff, parseOptions, type Option, type OptionValues } from '../../vocabulary/options.ts';
import { number, textThat } from '../../vocabulary/values.ts';

/** How a client chooses among the addresses. The last three take their backends from the whole list of backends, as from service discovery. */
export const balances = ['pick-first', 'p2c', 'round-robin', 'random-subset', 'deterministic-subset', 'rendezvous'] as const;
export type Balance = (typeof balances)[number];

const decimal = (defaultValue: number, doc: string): Option<number> => ({ doc, default: defaultValue, kind: number });
const bitLists: Option<string> = {
  doc: 'the leading bits that the address of a client shares with the address of each backend, for rule 9: one list for each position, with / between the lists. Empty: none',
  default: '',
  kind: textThat('numbers from 0 to 128 with commas between them, and / between lists, for instance 22,22,30,26/24,25,22,22', (text) => /^$|^\d{1,3}(,\d{1,3})*(\/\d{1,3}(,\d{1,3})*)*$/.test(text)),
};

export const parameters = {
  clients: integer(100_000, 1, 'clients', 10_000_000),
  backends: integer(100, 1, 'backends', 10_000),
  hours: integer(4, 1, 'simulated time in hours', 720),
  rampMin: integer(0, 0, 'time in minutes over which the clients start. 0: all start at once'),

  policy: choice(['shuffle', 'fixed', 'rotate', 'subset-first'], 'shuffle', 'the order in which DNS answers. subset-first cuts the list, always in the same way, and shuffles what is left'),
  returned: integer(0, 0, 'addresses in an answer of DNS. 0: all of them'),
  ttlS: integer(60, 0, 'time to live of an answer in seconds. It counts only where there are caches'),
  cacheClients: integer(0, 0, 'clients that share one DNS cache. 0: no caches, every new connection asks DNS'),
  clientShuffle: onOff(false, 'whether the client shuffles the addresses itself before it uses them'),
  positions: integer(0, 0, 'positions of clients in the network. Each one has an address drawn from the /16 of the backends, and sorts answers by rule 9 of RFC 6724. 0: no client sorts', 10_000),
  commonBits: bitLists,
  ipv6Backends: integer(0, 0, 'backends that have an AAAA record, too: the first ones of the list'),
  ipv6Percent: integer(0, 0, 'percent of the clients that prefer IPv6, as Happy Eyeballs does (RFC 8305)', 100),

  balance: choice(balances, 'pick-first', 'how a client chooses: the first address of the answer; the less loaded one of two random ones (p2c); or a pool of connections, used in turn'),
  pool: integer(10, 0, 'connections of one client, each to another backend. It counts for round-robin and the subsets. 0: one to each address of the answer', 1_000),
  rate: decimal(1, 'requests per second of one client'),

  lifetimeS: decimal(0, 'mean lifetime of a connection in seconds; the client or a proxy ends it at a random time. 0: no end'),
  maxAgeS: decimal(0, 'age in seconds at which the server ends a connection. 0: none'),
  ageJitterPercent: integer(10, 0, 'percent by which that age varies, up and down (gRPC A9 has 10)', 100),
  maxRequests: integer(0, 0, 'requests after which a connection ends. 0: none'),
  goaway: decimal(0, 'probability that the server ends the connection after a request (GOAWAY)'),

  restarts: integer(0, 0, 'rolling restarts. Those that would not end within the simulated time are left out', 1_000),
  firstRestartMin: integer(10, 1, 'time of the first rolling restart in minutes'),
  restartEveryMin: integer(60, 1, 'time from the start of one rolling restart to the start of the next one in minutes'),
  tranches: integer(0, 0, 'groups of backends in a rolling restart; the backends of a group restart together. 0: one backend after the other'),
  trancheEveryS: integer(15, 1, 'time from one group to the next one in seconds'),
  downS: integer(10, 0, 'time in seconds for which a restarting backend is down. 0: a new process accepts before the old one ends'),

  failures: integer(0, 0, 'backends that fail, at random times'),
  failureMin: integer(10, 1, 'time in minutes for which such a backend is down'),
  startEveryS: integer(0, 0, 'time in seconds from the start of one backend to the start of the next one. 0: all are up at the beginning'),
  retryS: integer(1, 1, 'time in seconds after which a client tries again when no address of its answer accepts'),
};

export type Parameters = OptionValues<typeof parameters>;

/** Whether a client keeps several connections and uses them in turn. */
export function isPooled({ balance }: Pick<Parameters, 'balance'>): boolean {
  return balance !== 'pick-first' && balance !== 'p2c';
}

/** How many addresses an answer has. */
export function returnedOf({ returned, backends }: Pick<Parameters, 'returned' | 'backends'>): number {
  return returned === 0 ? backends : returned;
}

/** How many connections a client keeps. */
export function poolOf(given: Parameters): number {
  if (!isPooled(given)) return 1;
  const choosable = given.balance === 'round-robin' ? returnedOf(given) : given.backends;
  return given.pool === 0 ? choosable : Math.min(given.pool, choosable);
}

/** How many groups a rolling restart has. */
export function tranchesOf({ tranches, backends }: Pick<Parameters, 'tranches' | 'backends'>): number {
  return tranches === 0 ? backends : tranches;
}

/** The lists of `commonBits`, one for each position. */
export function bitListsOf({ commonBits }: Pick<Parameters, 'commonBits'>): number[][] {
  return commonBits === '' ? [] : commonBits.split('/').map((list) => list.split(',').map(Number));
}

/** These keep the arrays of a simulation below 500 MB. */
const mostConnections = 10_000_000;
const mostCached = 50_000_000;
const mostBits = 5_000_000;
/** This keeps it below a few minutes. */
const mostDials = 1_000_000_000;

/** About how many connections are dialled because others reach their limits. */
function dialsByLimits(given: Parameters): number {
  const { clients, hours, lifetimeS, maxAgeS, maxRequests, goaway, rate } = given;
  const requestsPerS = rate / poolOf(given);
  const endsPerS = [lifetimeS > 0 ? 1 / lifetimeS : 0, maxAgeS > 0 ? 1 / maxAgeS : 0, maxRequests > 0 ? requestsPerS / maxRequests : 0, goaway * requestsPerS].reduce((sum, each) => sum + each);
  // A connection lives for a second at least.
  return clients * poolOf(given) * hours * 3_600 * Math.min(endsPerS, 1);
}

/**
 * Reads parameters, as words or as values. One that is not given has its default.
 * @throws {LabError} BAD_INPUT for a value that is not possible, or that does not fit another one.
 */
export function readParameters(given: Readonly<Record<string, unknown>>): Parameters {
  const read = parseOptions(parameters, given, 'the simulation');
  for (const { isWrong, message } of misfits(read)) if (isWrong) throw new LabError('BAD_INPUT', message);
  return read;
}

function misfits(read: Parameters): { isWrong: boolean; message: string }[] {
  const { clients, backends, hours, rampMin, returned, pool, cacheClients, positions, ipv6Backends, ipv6Percent, goaway, restarts, firstRestartMin, restartEveryMin, trancheEveryS, downS, tranches } = read;
  const lists = bitListsOf(read);
  const wrongList = lists.find((list) => list.length !== backends);
  const restartS = tranchesOf(read) * trancheEveryS;
  const firstEndMin = firstRestartMin + restartS / 60;
  const tooMany = (what: string, most: number): string => `Expected \`${what}\` to be at most the number of backends, ${backends}, got ${most}.`;
  return [
    { isWrong: returned > backends, message: tooMany('returned', returned) },
    { isWrong: isPooled(read) && pool > (read.balance === 'round-robin' ? returnedOf(read) : backends), message: `Expected \`pool\` to be at most the number of addresses to choose from, ${read.balance === 'round-robin' ? returnedOf(read) : backends}, got ${pool}.` },
    { isWrong: ipv6Backends > backends, message: tooMany('ipv6Backends', ipv6Backends) },
    { isWrong: tranches > backends, message: tooMany('tranches', tranches) },
    { isWrong: ipv6Percent > 0 && ipv6Backends === 0, message: `${ipv6Percent} percent of the clients prefer IPv6, but no backend has an AAAA record: the families cannot meet. Give \`ipv6Backends\`, too.` },
    { isWrong: cacheClients > clients, message: `Expected \`cacheClients\` to be at most the number of clients, ${clients}, got ${cacheClients}.` },
    { isWrong: rampMin > hours * 60, message: `Expected all clients to start within the simulated ${hours * 60} minutes (\`hours\`), got ${rampMin} for \`rampMin\`.` },
    { isWrong: positions * backends > mostBits, message: `Expected \`positions\` times \`backends\` to be at most ${mostBits}, got ${positions * backends}. More do not fit into 500 MB.` },
    { isWrong: positions > 0 && lists.length > 0, message: 'Expected `positions` or `commonBits`, got both. `positions` draws the addresses of clients, `commonBits` says what they share.' },
    { isWrong: wrongList !== undefined, message: `Expected each list of \`commonBits\` to have one number for each of the ${backends} backends, got ${wrongList?.length ?? 0} numbers in \`${wrongList?.join(',') ?? ''}\`.` },
    { isWrong: lists.flat().some((bits) => bits > 128), message: `Expected each number of \`commonBits\` to be at most 128, got ${Math.max(...lists.flat())}. An IPv6 address has 128 bits.` },
    { isWrong: goaway > 1, message: `Expected \`goaway\` to be a probability from 0 to 1, got ${goaway}.` },
    { isWrong: (goaway > 0 || read.maxRequests > 0) && read.rate === 0, message: 'Expected `rate` to be more than 0, got 0: without requests, `goaway` and `maxRequests` end no connection.' },
    { isWrong: restarts > 0 && downS > 0 && tranchesOf(read) === 1, message: `Expected two or more groups in a rolling restart, got 1 (\`tranches\` ${tranches}, \`backends\` ${backends}): all backends would be down at once. With \`downS\` 0 they accept all the time.` },
    { isWrong: restarts > 1 && restartS > restartEveryMin * 60, message: `Expected a rolling restart to be over before the next one begins, after ${restartEveryMin * 60} s (\`restartEveryMin\`), but ${tranchesOf(read)} groups each ${trancheEveryS} s (\`trancheEveryS\`) take ${restartS} s.` },
    { isWrong: restarts > 0 && firstEndMin > hours * 60, message: `Expected the first rolling restart to end within the simulated ${hours * 60} minutes (\`hours\`), but it ends at minute ${Math.ceil(firstEndMin)}.` },
    { isWrong: clients * poolOf(read) > mostConnections, message: `Expected at most ${mostConnections} connections, got ${clients} clients with ${poolOf(read)} each. More do not fit into 500 MB.` },
    { isWrong: dialsByLimits(read) > mostDials, message: `Expected at most ${mostDials} new connections, but with these limits of connections there would be about ${Math.round(dialsByLimits(read))}. Take fewer clients, fewer hours, or longer limits.` },
    { isWrong: cacheClients > 0 && (clients / cacheClients) * returnedOf(read) > mostCached, message: `Expected the caches to hold at most ${mostCached} addresses, got ${Math.ceil(clients / cacheClients)} caches with ${returnedOf(read)} each. More do not fit into 500 MB.` },
  ];
}
