import { check, checkUnless, type Check } from '../lab/analysis/checks.ts';
import { defineScenario, type Result } from '../lab/run/scenario.ts';
import { httpsPort } from '../lab/vocabulary/topology.ts';
import { attemptStartOf, duringRequest } from './https-record-common.ts';

/** What a datagram for the port of QUIC meets, in the order of the requests. */
const cases = ['refused', 'silent'] as const;

export const quicSilent = defineScenario({
  title: 'the HTTPS record announces HTTP/3, and UDP is silent: when is TCP tried?',
  teaches:
    'A network that drops UDP says nothing to a client that tries QUIC. A client may not wait for it: it must race QUIC against TCP, as it races IPv6 against IPv4. ' +
    'Whether it tries QUIC at all is decided by DNS, or by what it has learnt before.',
  predict:
    'The HTTPS record says that the servers speak h3, h2 and http/1.1. Nobody listens on the UDP port: first the kernel refuses each datagram with ICMP, then a firewall drops it. ' +
    'Which clients try QUIC on their first connection? How long after the first datagram does the first SYN leave?',
  explains:
    'Most clients never try QUIC: they do not ask for the HTTPS record, and Alt-Svc, the other way to learn of h3, needs an answer over TCP first. Chromium with its own resolver ' +
    '(--client chromium-async-dns) reads h3 in the record and sends a QUIC Initial at once. Within some milliseconds it starts TCP beside it, whether UDP is silent or refused, and ' +
    'the first of the two wins. So the silence costs next to nothing. With QUIC forced (--origin-to-force-quic-on) Chromium has no TCP beside it: the caller gets an error, at once after ' +
    'ICMP, and after 4 s of silence. The backends do not speak HTTP/3; only the record says so here.',
  sources: [
    'RFC 9460 section 7.1.2 (alpn, and which protocols a client may try)',
    'RFC 9000 sections 14.1 and 17.2.2 (Initial packets of at least 1200 bytes)',
    'RFC 9308 section 2 (the necessity of fallback to TCP)',
    'RFC 7838 (Alt-Svc)',
    'draft-ietf-happy-happyeyeballs-v3 (QUIC and TCP in one race)',
    'Chromium net/http/http_stream_factory_job_controller.cc (dns_alpn_h3_job)',
  ],
  https: true,
  client: { keepAlive: false },
  run: async ({ topology, client, dns, apply }) => {
    await dns.announce(['h3', 'h2', 'http/1.1']);
    const refused = await client.get();
    await Promise.all(topology.backends.map((backend) => apply('quic-silent', backend)));
    const silent = await client.get();
    return { answered: [refused.ok, silent.ok] };
  },
  checks: (result) => {
    const tries = cases.map((_, index) => quicOf(result, index + 1));
    const triesQuic = tries.some(({ sentMs }) => sentMs.length > 0);
    const differ = triesQuic && tries.some(({ sentMs }) => sentMs.length === 0);
    const sent = tries.map(({ sentMs }) => `${sentMs.length} QUIC Initials`).join(', ');
    return [
      checkUnless(
        differ ? `not every request tried QUIC: ${sent}` : null,
        check(
          triesQuic ? 'each request tried QUIC' : 'each request tried TCP only: a silent UDP port cannot hold this client up',
          triesQuic || cases.every((_, index) => attemptStartOf(result, index + 1) !== null),
          sent,
        ),
      ),
      ...cases.flatMap((name, index) => [
        ...(tries[index]?.sentMs.length ? [outcomeCheck(name, tries[index].refusals)] : []),
        check(`UDP ${name}: the request was answered`, result.data.answered[index] === true, waitText(result, index + 1)),
      ]),
    ];
  },
  contract: (result) => cases.map((name, index) => {
    const { sentMs } = quicOf(result, index + 1);
    return check(`UDP ${name}: our client tried TCP only`, sentMs.length === 0 && attemptStartOf(result, index + 1) !== null, `${sentMs.length} QUIC Initials`);
  }),
});

/** When the QUIC Initials of a request left, and how many datagrams were refused with ICMP. */
function quicOf({ events }: Result<unknown>, request: number): { sentMs: number[]; refusals: number } {
  const during = duringRequest(events, request);
  return {
    sentMs: during.flatMap((event) => (event.event === 'wire:quic-initial' ? [event.tMs] : [])),
    refusals: during.filter((event) => event.event === 'wire:unreachable' && event.port === httpsPort).length,
  };
}

function outcomeCheck(name: (typeof cases)[number], refusals: number): Check {
  return check(name === 'silent' ? 'UDP silent: no datagram was refused' : 'UDP refused: the client got ICMP port unreachable', name === 'silent' ? refusals === 0 : refusals > 0, `${refusals} times ICMP`);
}

/** How long after the first datagram of QUIC the first SYN left. */
function waitText(result: Result<unknown>, request: number): string {
  const [quicMs] = quicOf(result, request).sentMs;
  const startMs = attemptStartOf(result, request);
  if (startMs === null) return 'no SYN';
  return quicMs === undefined ? 'over TCP' : `first SYN ${(startMs - quicMs).toFixed(1)} ms after the first QUIC Initial`;
}
