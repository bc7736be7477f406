/**
 * A middlebox or a server expects the whole ClientHello in the first packet, and resets the connection if it is larger. A ClientHello with a key share of
 * ML-KEM (draft-ietf-tls-ecdhe-mlkem) has more than 1500 bytes, so it needs two packets: clients fail after an update of their TLS library, and no server has
 * changed. See openssl/openssl#27557 and https://tldr.fail.
 */
import { integer } from '../vocabulary/options.ts';
import { misbehave } from './backend-behaviour.ts';
import { defineFault, familiesOf, observeEach } from './fault.ts';
import { ofFamily, shakeHands } from './observe-handshakes.ts';

/** The smallest ClientHello of the observer has less than this. */
const leastBytes = 500;
/** A record has room for 16,384 bytes (RFC 8446 section 5.1). */
const mostBytes = 16_000;

export const tlsLargeHello = defineFault({
  summary: 'resets a connection whose ClientHello is larger than one packet',
  effect: 'TCP connects, then RST for clients with a large ClientHello; the others are served',
  on: ['backend'],
  needs: 'tls',
  options: { bytes: integer(1_400, leastBytes, 'the largest ClientHello that is answered, with the header of its record', mostBytes), family: ofFamily },
  apply: (target, { bytes, family }) => misbehave(target, { largestHelloBytes: bytes }, family),
  observe: (target, { bytes, family }) =>
    observeEach(familiesOf(family), async (each) => {
      const small = await shakeHands(target, each, { padBytes: 0 });
      const large = await shakeHands(target, each, { padBytes: bytes });
      return {
        seen: small.outcome === 'done' && small.helloBytes <= bytes && large.outcome === 'RST',
        observed: `ClientHello of ${small.helloBytes} bytes ${small.outcome}, of ${large.helloBytes} bytes ${large.outcome}`,
      };
    }),
});
