import { check, checkUnless, type Check } from '../lab/analysis/checks.ts';
import { defineScenario, type Result } from '../lab/run/scenario.ts';
import { lateMs } from './slow-answer-common.ts';
import { attemptStartOf, lookupOf, type Lookup } from './https-record-common.ts';

/** What happens to the HTTPS answer, in the order of the requests. The A answer comes at once each time. */
const cases = ['comes at once', 'is late', 'never comes', 'is an error'] as const;
type Case = (typeof cases)[number];

export const httpsRecord = defineScenario({
  title: 'the HTTPS record is late, dropped or failing: who asks for it, and who waits?',
  teaches:
    'An HTTPS record tells a client before its first connect what the server speaks. Few clients ask for it. A client that asks has one more answer to wait for, ' +
    'and must not wait long: with the addresses alone it can connect.',
  predict:
    `Four requests, each with a new lookup. The A answer always comes at once. The HTTPS answer comes at once, then ${lateMs} ms late, then never, then as SERVFAIL. ` +
    'Does the client ask for the record at all? If so: how much later does the first SYN leave each time?',
  explains:
    'curl, Go, Node, Python and Java ask for A and AAAA only, so no fault of the HTTPS record can reach them. Chromium asks if it uses its own resolver (--client chromium-async-dns): ' +
    'getaddrinfo cannot ask for other records than addresses, and a browser that has just started uses it until it has read its DNS configuration. ' +
    'On port 8443 Chromium asks for _8443._https.web.lab.test. It sends both queries at once, and when the addresses are there, it gives the HTTPS answer a fifth of the time that they have taken, at least 5 and at most 50 ms. So an HTTPS answer that is late or never comes ' +
    'costs a few milliseconds. After SERVFAIL it asks once more, and then connects without the record. RFC 9460 leaves the limit to the client; the draft of Happy Eyeballs version 3 has a ' +
    'resolution delay of 50 ms for it.',
  sources: [
    'RFC 9460 sections 3 (client behaviour) and 9.1 (names of queries for HTTPS records)',
    'draft-ietf-happy-happyeyeballs-v3 section 4 (resolution delay)',
    'Chromium net/base/features.cc, UseDnsHttpsSvcbInsecureExtraTimeMax, …Percent, …Min',
  ],
  https: true,
  client: { keepAlive: false },
  run: async ({ client, apply }) => {
    const plain = await client.get();
    const late = await apply('dns-delay', 'dns', { type: 'HTTPS', delayMs: lateMs });
    const whileLate = await client.get();
    await late.heal();
    const dropped = await apply('dns-drop', 'dns', { type: 'HTTPS' });
    const whileDropped = await client.get();
    await dropped.heal();
    const failing = await apply('dns-rcode', 'dns', { type: 'HTTPS', rcode: 'SERVFAIL' });
    const whileFailing = await client.get();
    await failing.heal();
    return { answered: [plain, whileLate, whileDropped, whileFailing].map(({ ok }) => ok) };
  },
  checks: (result) => {
    const lookups = cases.map((name, index) => ({ name, lookup: lookupOf(result, index + 1) }));
    const asks = lookups.some(({ lookup }) => lookup.https.length > 0);
    const types = lookups.map(({ lookup }) => lookup.types.join(' ') || 'none').join(', ');
    const differ = asks && lookups.some(({ lookup }) => lookup.https.length === 0);
    return [
      checkUnless(
        differ ? `the lookups asked for different types: ${types}` : null,
        check(
          asks ? 'each lookup asked for the HTTPS record' : 'each lookup asked for addresses only: no HTTPS answer can hold this client up',
          lookups.every(({ lookup }) => lookup.addresses.length > 0),
          types,
        ),
      ),
      ...lookups.flatMap(({ name, lookup }, index) => [
        ...(lookup.https.length > 0 ? [faultCheck(name, lookup)] : []),
        check(`the HTTPS answer ${name}: the request was answered`, result.data.answered[index] === true, waitText(result, index + 1, lookup)),
      ]),
    ];
  },
  contract: (result) => cases.map((name, index) => {
    const lookup = lookupOf(result, index + 1);
    return check(`the HTTPS answer ${name}: our client asked for A and AAAA only`, lookup.types.toSorted().join(' ') === 'A AAAA', lookup.types.join(' '));
  }),
});

/** Whether the HTTPS answer of this lookup was what the case says. */
function faultCheck(name: Case, { https }: Lookup): Check {
  const [first] = https;
  const tookMs = first?.answeredMs === undefined ? null : first.answeredMs - first.askedMs;
  const holds = {
    'comes at once': first?.rcode === 'NOERROR' && tookMs !== null && tookMs < lateMs / 2,
    // A client that has ended before the answer was due leaves none to measure.
    'is late': tookMs === null || tookMs >= lateMs - 2,
    'never comes': https.every(({ answeredMs }) => answeredMs === undefined),
    'is an error': https.length > 0 && https.every(({ rcode }) => rcode === 'SERVFAIL'),
  }[name];
  return check(`the HTTPS answer ${name}`, holds, https.map(({ rcode, askedMs, answeredMs }) => (answeredMs === undefined ? 'no answer' : `${rcode ?? ''} after ${(answeredMs - askedMs).toFixed(1)} ms`)).join(', ') || 'not asked');
}

/** How long after the last answer with addresses the first SYN left. */
function waitText(result: Result<unknown>, request: number, { addresses }: Lookup): string {
  const startMs = attemptStartOf(result, request);
  const answers = addresses.flatMap(({ answeredMs }) => (answeredMs === undefined || startMs === null || answeredMs > startMs ? [] : [answeredMs]));
  return startMs === null || answers.length === 0 ? 'no SYN' : `first SYN ${(startMs - Math.max(...answers)).toFixed(1)} ms after the addresses`;
}
