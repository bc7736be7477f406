/** Failures of TLS at the first of two addresses, or over IPv6: TCP works there, and the other address is well. */
import { certificateExpired } from '../certificate-expired.ts';
import { certificateWrongName } from '../certificate-wrong-name.ts';
import { plainOnTls } from '../plain-on-tls.ts';
import { tlsReset } from '../tls-reset.ts';
import { tlsStallIpv6 } from '../tls-stall-ipv6.ts';
import { tlsStall } from '../tls-stall.ts';
import { hellosToFirst, nextAddressMs, sinceHello } from '../tls-common.ts';
import { twoAddresses } from './connecting.ts';
import { defineFailure, measuredEvents, seen, type Failure } from './failure.ts';

type Column = Pick<Failure, 'measures' | 'groupBy' | 'readMs' | 'remark'>;

/** Whether the client went on to another address. */
function nextRemark({ events }: Parameters<NonNullable<Failure['remark']>>[0]): string {
  return nextAddressMs({ events }) === null ? 'no other address' : 'next address';
}

const column: Column = { measures: 'ClientHello to the answer or the error', groupBy: 'remark', readMs: sinceHello, remark: nextRemark };

/** The same where IPv6 is the broken one: a client that prefers IPv4 does not meet the failure. */
function familyRemark({ events }: Parameters<NonNullable<Failure['remark']>>[0]): string {
  const hello = measuredEvents(events).find((event) => event.event === 'wire:client-hello');
  if (hello?.event === 'wire:client-hello' && hello.family === 4) return 'IPv4 first';
  return nextAddressMs({ events }) === null ? 'IPv4 not tried' : 'IPv4 next';
}

export const tls = {
  'tls-stall': { ...column, title: 'TLS silent', question: 'Which clients go on to the second address when the first one accepts TCP, and never answers TLS?', scenario: tlsStall },
  'tls-stall-ipv6': { ...column, remark: familyRemark, title: 'TLS silent over IPv6', question: 'Which clients go on to IPv4 when IPv6 accepts TCP, and never answers TLS?', scenario: tlsStallIpv6 },
  'tls-closed': defineFailure({
    ...column,
    title: 'TLS closed',
    question: 'Which clients go on to the second address when the first one closes the connection at the ClientHello?',
    why: 'The first address accepts the connection, and closes it with FIN when the ClientHello arrives. No request was sent yet, so nothing speaks against the second address.',
    sources: ['RFC 8446 section 6.1 (TLS ends with an alert)', 'RFC 8305 section 5 (the dial ends with the TCP handshake)'],
    https: true,
    prepare: async (stage) => {
      await twoAddresses(stage);
      await stage.apply('tls-close', 'backend-1');
    },
    met: ({ events, topology }) => seen('the client sent a ClientHello to backend-1', hellosToFirst(events, topology).length),
  }),
  'tls-reset': { ...column, title: 'TLS reset', question: 'Which clients go on to the second address when the first one resets the connection at the ClientHello?', scenario: tlsReset },
  'certificate-expired': { ...column, title: 'certificate expired', question: 'Which clients go on to the second address when the certificate of the first one has expired?', scenario: certificateExpired },
  'certificate-wrong-name': { ...column, title: 'wrong name', question: 'Which clients go on to the second address when the first one has a certificate for another name?', scenario: certificateWrongName },
  'plain-on-tls': { ...column, title: 'no TLS', question: 'Which clients go on to the second address when the first one speaks HTTP without TLS?', scenario: plainOnTls },
} satisfies Record<string, Failure>;
