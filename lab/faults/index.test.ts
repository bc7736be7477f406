/**
 * Faults in a real lab, seen by the tests themselves from the client's host: before, while in force, and after healing, in each family. The
 * tests assert what the client's kernel reports, not which rules are installed. This file has `noop`, `vanish` and `slow-response`; the
 * other faults have their cases in the test files of their tables.
 */
import { expect, test } from 'vitest';
import { answers, atOnce, describeCases, type Case } from '../testing/fault-cases.ts';
import { connectFaults } from './connect-faults.ts';
import { dnsFaults } from './dns-faults.ts';
import { establishedFaults } from './established-faults.ts';
import { h2Faults } from './h2-faults.ts';
import { httpFaults } from './http-faults.ts';
import { faultNames, isFaultName } from './index.ts';
import { linkFaults } from './link-faults.ts';
import { processFaults } from './process-faults.ts';
import { tlsFaults } from './tls-faults.ts';
import { atOnceMs } from '../testing/client-sight.ts';

const hostUnreachable = { connect: 'EHOSTUNREACH' };

const delayMs = 200;

const cases: Case[] = [
  { fault: 'noop', ipv4: answers, ipv6: answers },
  {
    // describeCases flushes the client's neighbour entries, so the client's kernel sends 3 solicitations, 1 s apart.
    fault: 'vanish',
    look: { limitMs: 5_000 },
    ipv4: hostUnreachable,
    ipv6: hostUnreachable,
    also: ({ 4: ipv4, 6: ipv6 }) => {
      for (const { connectMs } of [ipv4, ipv6]) {
        expect(connectMs).toBeGreaterThan(2_900);
        expect(connectMs).toBeLessThan(3_050 + atOnceMs);
      }
    },
  },
  {
    fault: 'slow-response',
    slows: 'getMs',
    options: { delayMs },
    look: { limitMs: 3_000 },
    ipv4: answers,
    ipv6: answers,
    also: (seen) => {
      atOnce(seen);
      for (const { getMs } of [seen[4], seen[6]]) {
        expect(getMs).toBeGreaterThan(delayMs - 2);
        expect(getMs).toBeLessThan(delayMs + atOnceMs);
      }
    },
  },
];


test('every fault has a case, here or in the test file of its table', () => {
  const elsewhere = [processFaults, connectFaults, establishedFaults, httpFaults, tlsFaults, h2Faults, dnsFaults, linkFaults].flatMap((table) => Object.keys(table));
  // https-record-faults.test.ts has quic-silent, which is in no table of a test file.
  expect(new Set([...cases.map(({ fault }) => fault), ...elsewhere, 'quic-silent'])).toEqual(new Set(faultNames));
  expect([isFaultName('kill'), isFaultName('toString')]).toEqual([true, false]);
});

describeCases('faults', ['netns'], cases);
