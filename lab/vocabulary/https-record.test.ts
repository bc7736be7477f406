/** HTTPS records as text. The bytes are the test vectors of RFC 9460, Appendix D. */
import { expect, test } from 'vitest';
import { httpsQueryName, httpsRecordText, webNameOf } from './https-record.ts';

const bytes = (...parts: string[]): Buffer => Buffer.concat(parts.map((part) => (part.startsWith('"') ? Buffer.from([part.length - 1, ...Buffer.from(part.slice(1), 'latin1')]) : Buffer.from(part.replaceAll(' ', ''), 'hex'))));
const fooExampleCom = ['"foo', '"example', '"com', '00'];
const fooExampleOrg = ['"foo', '"example', '"org', '00'];

test.each([
  ['an alias, D.1', ['0000', ...fooExampleCom], '0 foo.example.com'],
  ['the name of the record itself, D.2 figure 2', ['0001 00'], '1 .'],
  ['a port, D.2 figure 3', ['0010', ...fooExampleCom, '0003 0002 0035'], '16 foo.example.com port=53'],
  ['a key without a name, D.2 figure 4', ['0001', ...fooExampleCom, '029b 0005 68656c6c6f'], '1 foo.example.com key667'],
  ['hints, D.2 figure 6', ['0001', ...fooExampleCom, '0006 0020 20010db8000000000000000000000001 20010db8000000000000000000530001'], '1 foo.example.com ipv6hint'],
  ['protocols, D.2 figure 8', ['0010', ...fooExampleOrg, '0000 0004 00010004', '0001 0009', '"h2', '"h3-19', '0004 0004 c0000201'], '16 foo.example.org mandatory alpn=h2,h3-19 ipv4hint'],
])('%s', (_, parts, text) => {
  expect(httpsRecordText(bytes(...parts))).toBe(text);
});

test('whatever is cut off is found, unless a parameter ends there', () => {
  const whole = bytes('0010', ...fooExampleOrg, '0001 0009', '"h2', '"h3-19', '0003 0002 0035');
  const endings = [...whole.keys()].flatMap((length) => {
    try {
      return [httpsRecordText(whole.subarray(0, length))];
    } catch (error) {
      expect((error as Error).message).toMatch(/^an HTTPS record /);
      return [];
    }
  });
  expect(endings).toEqual(['16 foo.example.org', '16 foo.example.org alpn=h2,h3-19']);
});

test.each([
  ['a pointer in the target', ['0001 c00c']],
  ['a protocol that is longer than the list', ['0001 00 0001 0003', '0368 32']],
  ['an empty protocol', ['0001 00 0001 0001 00']],
  ['a port of three bytes', ['0001 00 0003 0003 000035']],
])('%s is an error', (_, parts) => {
  expect(() => httpsRecordText(bytes(...parts))).toThrow(/^an HTTPS record /);
});

test('a query for another port than 443 has the port before the name', () => {
  expect([443, 80, 8443].map((port) => httpsQueryName('web.lab.test', port))).toEqual(['web.lab.test', 'web.lab.test', '_8443._https.web.lab.test']);
  expect(['_8443._https.web.lab.test', '_8443._HTTPS.Web.lab.test', 'web.lab.test', '_https.web.lab.test'].map(webNameOf)).toEqual(['web.lab.test', 'Web.lab.test', 'web.lab.test', '_https.web.lab.test']);
});
