import { describe, expect, test } from 'vitest';
import type { LabError } from '../vocabulary/errors.ts';
import { createTopology } from '../vocabulary/topology.ts';
import type { Check } from './checks.ts';
import { checkExpectation, parseExpectation } from './expectations.ts';
import { findingsSchemaFor } from './findings-schema.ts';
import { findingsOf, type Findings } from './findings.ts';

const nothing = findingsOf([], createTopology());
const findings: Findings = {
  ...nothing,
  recoveryMs: 1_500.25,
  requests: { sent: 6, ok: 1, failed: 5 },
  statuses: { 200: 1 },
  byRequest: [
    { ms: 3, backend: 'backend-1', status: 200, error: null, lookups: 1, attempts: 1, sent: 1 },
    { ms: 4, backend: null, status: null, error: 'ECONNREFUSED', lookups: 0, attempts: 1, sent: 0 },
  ],
  queryOrder: 'A AAAA',
  attemptsKept: false,
  attempts: [
    { request: 1, dial: 1, address: '198.51.100.11', family: 4, startMs: 0, endMs: 1, outcome: 'refused', synCount: 2, synsMs: [0, 1_024.5], localPort: 1, requests: 0 },
    { request: 1, dial: 1, address: '2001:db8:1::12', family: 6, startMs: 2, endMs: null, outcome: 'given up', synCount: null, synsMs: null, localPort: null, requests: null },
  ],
  addressesTried: ['198.51.100.11', '2001:db8:1::12'],
  retransmissions: { syn: 1, data: 0 },
};
const checked = (text: string, of = findings): Check => checkExpectation(parseExpectation(text), of, []);
const verdict = (text: string): string => checked(text).verdict;

describe('an expectation', () => {
  test.each([
    ['recoveryMs<2000', 'recoveryMs<1500'],
    ['recoveryMs<2s', 'recoveryMs<1.5s'],
    ['recoveryMs<=1500.25ms', 'recoveryMs<=1500ms'],
    [' recoveryMs >= 1500 ', 'recoveryMs>=1501'],
    ['recoveryMs>1.1s', 'recoveryMs>1.6s'],
    ['requests.failed==5', 'requests.failed==0'],
    ['requests.failed=5', 'requests.failed=0'],
    ['requests.failed!=0', 'requests.failed!=5'],
    ['attempts.length==2', 'attempts.length==3'],
    ['attempts.length<=2', 'attempts.length>2'],
    ['attempts.0.outcome==refused', 'attempts.0.outcome==connected'],
    ['attempts.0.outcome!=EHOSTUNREACH', 'attempts.0.outcome!=refused'],
    ["attempts.1.outcome=='given up'", "attempts.1.outcome!='given up'"],
    ['attempts.0.family==4', 'attempts.1.family==4'],
    ['attempts.1.address==2001:db8:1::12', 'attempts.0.address==2001:db8:1::12'],
    ['addressesTried.0==198.51.100.11', 'addressesTried.1==198.51.100.11'],
    ['attempts.0.synsMs.1>=900', 'attempts.0.synsMs.1>=2s'],
    ['attempts.0.synsMs.length==2', 'attempts.0.synsMs.length==1'],
    ['byRequest.1.lookups==0', 'byRequest.0.lookups==0'],
    ['byRequest.0.backend==backend-1', 'byRequest.0.backend==backend-2'],
    ['byRequest.1.error==ECONNREFUSED', 'byRequest.0.error==ECONNREFUSED'],
    ["queryOrder=='A AAAA'", 'queryOrder=="AAAA A"'],
    ['attemptsKept==false', 'attemptsKept==true'],
    ['perBackend.backend-1==0', 'perBackend.backend-1!=0'],
    ['fallbackDelayMs==null', 'recoveryMs==null'],
    ['recoveryMs!=null', 'fallbackDelayMs!=null'],
    ['skew.chi2p==null', 'skew.maxOverFair>0'],
    ['retransmissions!=null', 'repeated!=null'],
    ['repeated==null', 'retransmissions==null'],
  ])('%s holds, %s does not', (holds, fails) => {
    expect([verdict(holds), verdict(fails)]).toEqual(['pass', 'fail']);
  });

  test('of a status counts the responses with it: 0 if there were none', () => {
    expect([verdict('statuses.503==0'), verdict('statuses.503>0'), verdict('statuses.200==1'), verdict('statuses.unknown==0')]).toEqual(['pass', 'fail', 'pass', 'pass']);
  });

  test('of a status holds for no number if the status of some responses is not known', () => {
    const statuses = { 200: 1, unknown: 2 };
    for (const text of ['statuses.503==0', 'statuses.200==1', 'statuses.503!=1']) {
      expect(checked(text, { ...findings, statuses })).toMatchObject({ verdict: 'fail', observed: 'the status of 2 responses is not known' });
    }
    expect(checked('statuses.unknown==2', { ...findings, statuses }).verdict).toBe('pass');
  });

  test('shows the value with its unit', () => {
    expect(checked('recoveryMs<2s')).toEqual({ text: 'expected: recoveryMs<2s', verdict: 'pass', observed: '1500.25 ms' });
    expect(checked('requests.failed!=0').observed).toBe('5');
    expect(checked('attempts.0.outcome==refused').observed).toBe('"refused"');
  });
});

describe('what was not measured is inside no bound but ==null', () => {
  test.each([
    ['fallbackDelayMs', '300', 'fallbackDelayMs is null (nothing to measure)'],
    ['requestsOnWire', '1', 'requestsOnWire is null (nothing to measure)'],
    ['repeated.POST', '1', 'repeated is null (nothing to measure)'],
    ['attempts.1.endMs', '1', 'attempts.1.endMs is null (nothing to measure)'],
    ['attempts.7.startMs', '1', 'there is no attempts.7, attempts.length is 2'],
    ['attempts.0.synsMs.2', '1', 'there is no attempts.0.synsMs.2, attempts.0.synsMs.length is 2'],
    ['attempts.1.synsMs.length', '1', 'attempts.1.synsMs is null (nothing to measure)'],
    ['byRequest.0.sent', '1', 'there is no byRequest.0, byRequest.length is 0'],
    ['skew.chi2p', '0.5', 'skew.chi2p is null (nothing to measure)'],
  ])('%s', (field, bound, observed) => {
    const unmeasured = { ...findings, byRequest: [] };
    for (const operator of ['<', '<=', '==', '!=', '>=', '>']) {
      const each = checked(`${field}${operator}${bound}`, unmeasured);
      expect(each.verdict).toBe('fail');
      expect(each.observed.startsWith(observed)).toBe(true);
    }
    expect(checked(`${field}==null`, unmeasured).verdict).toBe('pass');
    expect(checked(`${field}!=null`, unmeasured).verdict).toBe('fail');
  });

  test('a word, too', () => {
    for (const text of ['attempts.7.outcome!=refused', 'attempts.7.outcome==refused', 'byRequest.0.error!=ECONNRESET']) expect(verdict(text)).toBe('fail');
    expect(verdict('attempts.7==null')).toBe('pass');
    expect(verdict('attempts.0==null')).toBe('fail');
  });
});

/** The message, and the place of the caret as the number of characters before it. */
function mistakeIn(text: string): { message: string; shown: string; caretAt: number } {
  try {
    parseExpectation(text);
  } catch (error) {
    expect(error).toMatchObject({ code: 'BAD_INPUT' });
    const [message = '', shown = '', caret = ''] = (error as LabError).message.split('\n');
    expect(caret.trim()).toBe('^');
    return { message, shown: shown.slice(2), caretAt: caret.length - 3 };
  }
  throw new Error(`\`${text}\` is no mistake`);
}

describe('a mistake is refused before anything runs, with a caret under its place', () => {
  // In each text, ^ stands before the character that the caret must point at.
  test.each([
    // The field.
    ['^recovery<2000', /^--expect: The findings have no field `recovery`\. Known: requests, statuses, .*, skew\. Did you mean `recoveryMs`\?$/],
    ['^latency<2000', /have no field `latency`\. Known: requests,/],
    ['^toString==1', /have no field `toString`/],
    ['^', /Expected the name of a field\. Known: requests,/],
    ['^ ', /Expected the name of a field/],
    ['^<2000', /Expected the name of a field/],
    ['requests.^lost==0', /`requests` has no field `lost`\. Known: sent, ok, failed\.$/],
    ['  requests.^faild==0', /Did you mean `failed`\?/],
    ['requests.^==0', /Expected the name of a field of `requests`/],
    ['^.requests==0', /Expected the name of a field/],
    ['attempts.0.^outcom!=refused', /`attempts\.0` has no field `outcom`\. Known: .* Did you mean `outcome`\?$/],
    ['attempts.0.^synMs.0==0', /Did you mean `synsMs`\?/],
    ['attempts.^first.outcome==refused', /`attempts` is a list\. Expected `length`, or the index of an entry \(0, 1, 2 …\), got `first`/],
    ['attempts.^-1.outcome==refused', /is a list/],
    ['attempts.^00.outcome==refused', /is a list/],
    ['attempts.0.synsMs.^x>1', /`attempts\.0\.synsMs` is a list/],
    ['attempts.length.^x>1', /`attempts\.length` is one value/],
    ['reResolutions.^x==0', /`reResolutions` is one value\. It has no fields/],
    ['addressesTried.0.^length==1', /`addressesTried\.0` is one value/],
    ['perBackend.^backend1==1', /Did you mean `backend-1`\?/],
    ['statuses.^ok==1', /Expected a status such as 503, or `unknown`, got `ok`/],
    ['statuses.^50==1', /Expected a status such as 503/],
    ['repeated.^PATCH==0', /`repeated` has no field `PATCH`\. Known: GET, PUT, POST/],
    ['requests^==0', /`requests` has several values\. Name one of them: requests\.sent, requests\.ok, requests\.failed\./],
    ['attempts^==3', /`attempts` is a list\. Name its length or one of its entries: attempts\.length, attempts\.0\./],
    ['attempts.0^==refused', /`attempts\.0` has several values.*Or ask whether it was measured: attempts\.0!=null\./],
    ['statuses^==200', /Name one of them: statuses\.200\./],
    ['requests^==null', /`requests` has several values/],
    // The operator.
    ['recoveryMs^', /Expected an operator after `recoveryMs`: < <= == != >= >\. Put the expectation in quotes/],
    ['recoveryMs ^2000', /Expected an operator after `recoveryMs`/],
    ['requests.failed^!==0', /Unknown operator `!==`\. Known: < <= == != >= >\./],
    ['requests.failed^===0', /Unknown operator `===`/],
    ['requests.failed^<>0', /Unknown operator `<>`/],
    ['requests.failed^=<0', /Unknown operator `=<`/],
    ['requests.failed^!0', /Unknown operator `!`/],
    ['attempts.0.outcome ^< refused', /Expected == or != after `attempts\.0\.outcome`, got `<`\. Its values have no order/],
    ['attempts.0.family^>=6', /Its values have no order/],
    ['attemptsKept^>=true', /Its values have no order/],
    ['recoveryMs^<null', /Expected == or != before `null`, got `<`/],
    // The value.
    ['recoveryMs<^', /Expected a value after `<`: a time in ms or s/],
    ['recoveryMs< ^fast', /Expected `recoveryMs` to be a time in ms or s, such as 250, 250ms or 2s, got `fast`/],
    ['recoveryMs<^2h', /got `2h`/],
    ['recoveryMs<^-1', /got `-1`/],
    ['recoveryMs<^1e999', /got `1e999`/],
    ['recoveryMs<^Infinity', /got `Infinity`/],
    ['recoveryMs<2^ s', /A unit stands directly after its number/],
    ['recoveryMs!=^refused', /Expected `recoveryMs` to be a time/],
    ['recoveryMs==^true', /Expected `recoveryMs` to be a time/],
    ["recoveryMs==^'null'", /got `null`/],
    ['requests.failed<^2s', /Expected `requests\.failed` to be a whole number, 0 or more, got `2s`/],
    ['requests.failed<^1.5', /a whole number/],
    ['requests.failed==^null', /`requests\.failed` is never null\. Expected a whole number/],
    ['attempts.length!=^null', /`attempts\.length` is never null/],
    ['skew.chi2p>^5ms', /a number, 0 or more, got `5ms`/],
    ['attemptsKept==^yes', /true or false, got `yes`/],
    ['attempts.0.outcome!=^refussed', /one of connected, refused, given up, .*, or an error code such as EHOSTUNREACH, got `refussed`/],
    ['attempts.0.outcome==given^ up', /A text with blanks stands in quotes/],
    ['attempts.0.family==^5', /one of 4, 6, got `5`/],
    ['attempts.0.address!=^backend-1', /an IP address/],
    ['attempts.0.address!=^2001:DB8:1::12', /an IP address in its short form/],
    ['byRequest.0.backend==^backend-4', /one of backend-1, backend-2, backend-3/],
    ['byRequest.0.status==^5xx', /a whole number from 100 to 999/],
    ['queryOrder==^a', /query types such as A AAAA/],
    ["queryOrder=='A AAAA^", /Expected a closing '/],
    ["queryOrder=='A'^ AAAA", /Expected the end of the expectation after the closing quote/],
    ['requests.failed==0^ && requests.ok==1', /Expected the end of the expectation/],
  ])('%s', (marked, message) => {
    const text = marked.replace('^', '');
    expect(mistakeIn(text)).toEqual({ message: expect.stringMatching(message) as string, shown: text, caretAt: marked.indexOf('^') });
  });

  test('a control character is not sent to the terminal, and the caret keeps its place', () => {
    expect(mistakeIn('a\u001b[31m😀.x==1')).toEqual({ message: expect.stringContaining('`a\\x1b[31m😀`') as string, shown: 'a?[31m😀.x==1', caretAt: 0 });
    expect(mistakeIn('requests.failed==\n5\n6')).toMatchObject({ shown: 'requests.failed==?5?6', caretAt: 19 });
    expect(mistakeIn('requests.failed==😀\u0007 x')).toMatchObject({ shown: 'requests.failed==😀? x', caretAt: 19 });
  });
});

test('a lab with seven backends has bounds on all of them, and on no others', () => {
  const topology = createTopology({ backends: 7 });
  const schema = findingsSchemaFor(topology.backends);
  const of = findingsOf([], topology);
  expect(['perBackend.backend-7==0', 'perBackend.backend-7>0'].map((text) => checkExpectation(parseExpectation(text, schema), of, []).verdict)).toEqual(['pass', 'fail']);
  expect(parseExpectation('byRequest.0.backend==backend-7', schema).bound).toBe('backend-7');
  expect(() => parseExpectation('perBackend.backend-8==0', schema)).toThrow('`perBackend` has no field `backend-8`.');
});
