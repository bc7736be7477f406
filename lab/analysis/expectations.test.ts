import { describe, expect, test } from 'vitest';
import { findingsOf, type Findings } from './findings.ts';
import { checkExpectation, parseExpectation } from './expectations.ts';
import { createTopology } from '../vocabulary/topology.ts';

const findings: Findings = {
  ...findingsOf([], createTopology()),
  recoveryMs: 1_500.25,
  requests: { sent: 3, ok: 2, failed: 1 },
  queryOrder: 'A AAAA',
  attempts: [{ request: 1, dial: 1, address: '198.51.100.11', family: 4, startMs: 0, endMs: 1, outcome: 'refused', synCount: 1, synsMs: [0], localPort: 1, requests: 0 }],
};
const verdict = (text: string): string => checkExpectation(parseExpectation(text), findings).verdict;

describe('an expectation', () => {
  test.each([
    ['recoveryMs<2000', 'recoveryMs<1500'],
    ['recoveryMs >= 1500', 'recoveryMs>=1501'],
    ['requests.failed==1', 'requests.failed==0'],
    ['requests.failed=1', 'requests.failed!=1'],
    ['attempts.length<=1', 'attempts.length>1'],
    ['attempts.0.outcome==refused', 'attempts.0.outcome==connected'],
    ["queryOrder=='A AAAA'", 'queryOrder=="AAAA A"'],
    ['fallbackDelayMs==null', 'fallbackDelayMs!=null'],
    ['skew.chi2p==null', 'skew.maxOverFair>0'],
  ])('%s holds, %s does not', (holds, fails) => {
    expect([verdict(holds), verdict(fails)]).toEqual(['pass', 'fail']);
  });

  test('a field that was not measured is not below or above any bound, and the check says so', () => {
    for (const text of ['fallbackDelayMs<300', 'fallbackDelayMs>0', 'attempts.7.startMs<1']) expect(verdict(text)).toBe('fail');
    expect(checkExpectation(parseExpectation('fallbackDelayMs<300'), findings).observed).toBe('fallbackDelayMs was not measured');
    expect(checkExpectation(parseExpectation('recoveryMs<2000'), findings)).toEqual({ text: 'expected: recoveryMs<2000', verdict: 'pass', observed: '1500.25' });
  });

  test.each([
    ['recovery<2000', /`findings` has no field `recovery`. It has: requests,.*recoveryMs/],
    ['requests.lost==0', /`requests` has no field `lost`. It has: sent, ok, failed/],
    ['reResolutions.x==0', /`reResolutions` is a value without fields/],
    ['recoveryMs', /Expected --expect to be like `recoveryMs<2000`/],
    ['recoveryMs<', /Expected --expect/],
    ['', /Expected --expect/],
  ])('%s is a mistake that is reported before anything is run', (text, message) => {
    expect(() => parseExpectation(text)).toThrow(message);
  });
});
