/** openssl reads what is written here. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { describeWith } from '../testing/testing.ts';
import { bitString, boolean, contextTag, integer, objectId, octetString, pem, sequence, set, time, utf8 } from './der.ts';

/** What `openssl asn1parse` prints of a value: one line for each value in it, without its place. */
function read(value: Buffer): string[] {
  const { status, stdout, stderr } = spawnSync('openssl', ['asn1parse', '-inform', 'DER', '-dump'], { input: value });
  expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: '' });
  return String(stdout).trim().split('\n').map((line) => line.replace(/^.*?(prim|cons): */, '').replace(/ +/g, ' ').trim());
}

describeWith('openssl', 'a value', () => {
  test.each([
    [objectId('2.5.29.17'), 'OBJECT :X509v3 Subject Alternative Name'],
    [objectId('1.2.840.10045.4.3.2'), 'OBJECT :ecdsa-with-SHA256'],
    [integer(Buffer.of(0x40, 0x01)), 'INTEGER :4001'],
    [boolean(true), 'BOOLEAN :255'],
    [utf8('lab'), 'UTF8STRING :lab'],
    // Two digits of the year up to 2049, and four from then on (RFC 5280 section 4.1.2.5).
    [time(Date.UTC(2049, 11, 31, 23, 59, 59)), 'UTCTIME :491231235959Z'],
    [time(Date.UTC(2050, 0, 1)), 'GENERALIZEDTIME :20500101000000Z'],
  ])('is read by openssl as it was meant: %#', (value, line) => {
    expect(read(value)).toEqual([line]);
  });

  test.each([0, 1, 127, 128, 255, 256, 65_535])('may have %i bytes', (length) => {
    const [line = ''] = read(octetString(Buffer.alloc(length, 'a')));
    expect(line).toMatch(/^OCTET STRING/);
    expect(spawnSync('openssl', ['asn1parse', '-inform', 'DER'], { input: octetString(Buffer.alloc(length, 'a')), encoding: 'utf8' }).stdout).toMatch(new RegExp(`l= *${length} prim: OCTET STRING`));
  });

  test('may hold others, also as text', () => {
    const value = sequence(set(objectId('2.5.4.3')), contextTag(2, Buffer.from('lab.test')), bitString(Buffer.of(0x06), 1));
    expect(read(value)).toEqual(['SEQUENCE', 'SET', 'OBJECT :commonName', 'cont [ 2 ]', 'BIT STRING', '0000 - 01 06 ..']);
    const lines = pem('THING', Buffer.alloc(100)).split('\n');
    expect(lines.map(({ length }) => length)).toEqual([21, 64, 64, 8, 19, 0]);
  });
});
