/** The known causes of skew, and the known remedies, as parameters of a simulation. Any remedy can be tried on any cause. */
import { poolOf, type Parameters } from './parameters.ts';

export interface Preset {
  /** What happens, in one line. */
  title: string;
  parameters: Partial<Parameters>;
}

/** The parameters of three backends of which DNS returns two, as in the lab. */
const asInTheLab = { clients: 30_000, backends: 3, returned: 2, hours: 1 } satisfies Partial<Parameters>;

export const causes = {
  'shuffle-off': {
    title: 'DNS always answers in the same order: one backend gets everything',
    parameters: { ...asInTheLab, policy: 'fixed' },
  },
  'subset-before-shuffle': {
    title: 'DNS first cuts the list to two and then shuffles: the third backend gets nothing',
    parameters: { ...asInTheLab, policy: 'subset-first' },
  },
  'rule-9': {
    title: 'DNS shuffles, but the clients sort the answer by the position of their own address: 2/3, 1/3 and nothing',
    parameters: { ...asInTheLab, commonBits: '30,26,22' },
  },
  'rule-9-positions': {
    title: 'the same for clients at twenty positions in the network, and DNS returns all of ten addresses',
    parameters: { backends: 10, hours: 1, positions: 20 },
  },
  'partial-ipv6': {
    title: 'two of ten backends have an AAAA record, too: the clients with IPv6 all go there',
    parameters: { backends: 10, hours: 1, ipv6Backends: 2, ipv6Percent: 40 },
  },
  pinning: {
    title: 'a backend fails and comes back: kept connections do not move back to it',
    parameters: { clients: 30_000, backends: 3, hours: 2, failures: 1 },
  },
  'rolling-restart': {
    title: 'each hour, the backends restart one after the other: the peak is 2.7, and afterwards the last backend has nothing',
    parameters: { hours: 24, restarts: 24 },
  },
  'rolling-restart-once': {
    title: 'one such restart, and four hours to see what evens it out: the first backend keeps 1.7 times its share',
    parameters: { restarts: 1, trancheEveryS: 5, downS: 4 },
  },
  'rolling-restart-tranches': {
    title: 'the backends restart in four groups: the peak is 2.37 instead of 2.7, and the last group still has nothing',
    parameters: { restarts: 1, tranches: 4, trancheEveryS: 300 },
  },
  'shared-cache': {
    title: 'all clients are behind one DNS cache: for a whole time to live, all new connections go to one backend',
    parameters: { backends: 10, hours: 12, cacheClients: 100_000, ttlS: 300, lifetimeS: 1_200 },
  },
  'first-up': {
    title: 'the backends start one after the other: the first one that is up takes all clients that wait',
    parameters: { backends: 10, hours: 1, startEveryS: 60 },
  },
  'few-clients': {
    title: 'thirty clients choose among ten backends at random: chance alone makes one of them hot',
    parameters: { clients: 30, backends: 10, hours: 1 },
  },
} satisfies Record<string, Preset>;

export interface Remedy {
  title: string;
  /** What the remedy changes in the parameters of a cause. */
  parameters: (cause: Parameters) => Partial<Parameters>;
  /** The strength of the remedy. A value that is given for this parameter belongs to the remedy, and not to the cause. */
  strength?: keyof Parameters;
}

const pooled = (balance: Parameters['balance']) => (cause: Parameters): Partial<Parameters> => ({ balance, pool: poolOf({ ...cause, balance, pool: 10 }) });

export const remedies = {
  'max-age': {
    title: 'the server ends each connection at an age of 30 minutes ± 10 % (gRPC A9)',
    parameters: () => ({ maxAgeS: 1_800 }),
    strength: 'maxAgeS',
  },
  'max-requests': {
    title: 'a connection ends after 2,000 requests (nginx keepalive_requests)',
    parameters: () => ({ maxRequests: 2_000 }),
    strength: 'maxRequests',
  },
  goaway: {
    title: 'the server ends a connection after one of 1,000 requests, at random (Kubernetes --goaway-chance)',
    parameters: () => ({ goaway: 0.001 }),
    strength: 'goaway',
  },
  lifetime: {
    title: 'connections end at random, after 30 minutes on average',
    parameters: () => ({ lifetimeS: 1_800 }),
    strength: 'lifetimeS',
  },
  'full-answer': {
    title: 'DNS returns all addresses',
    parameters: () => ({ returned: 0 }),
  },
  'client-shuffle': {
    title: 'each client shuffles the addresses of its answer itself',
    parameters: () => ({ clientShuffle: true }),
  },
  p2c: {
    title: 'a new connection goes to the less loaded one of two random backends (HAProxy "random(2)", nginx "random two least_conn")',
    parameters: () => ({ balance: 'p2c' }),
  },
  'round-robin': {
    title: 'each client keeps connections to up to 10 addresses of its answer and uses them in turn (gRPC round_robin)',
    parameters: pooled('round-robin'),
    strength: 'pool',
  },
  'random-subset': {
    title: 'each client knows all backends, draws up to 10 of them and uses these in turn',
    parameters: pooled('random-subset'),
    strength: 'pool',
  },
  'deterministic-subset': {
    title: 'the clients divide all backends among them, up to 10 for each (SRE book, chapter 20)',
    parameters: pooled('deterministic-subset'),
    strength: 'pool',
  },
  rendezvous: {
    title: 'each client takes the up to 10 backends with the largest hashes of client and backend (gRPC A68)',
    parameters: pooled('rendezvous'),
    strength: 'pool',
  },
} satisfies Record<string, Remedy>;
