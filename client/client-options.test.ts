import { describe, expect, test } from 'vitest';
import { parseOptions } from '../lab/vocabulary/options.ts';
import { clientOptions } from './client-options.ts';

const parse = (given: Record<string, string>) => parseOptions(clientOptions, given, 'the client');

test('without options the client has the default behaviour of Node', () => {
  expect(parse({})).toEqual({
    transport: 'fetch', resolver: 'lookup', family: 0, resultOrder: 'verbatim', autoSelectFamily: true,
    attemptDelayMs: null, keepAlive: true, connectTimeoutMs: null, timeoutMs: null,
    scheme: 'http', http: null,
  });
});

test.each([
  [{ resolver: 'resolve' }, { resolver: 'resolve' }],
  [{ resolver: '198.51.100.53' }, { resolver: '198.51.100.53' }],
  [{ resolver: '2001:db8:1::53' }, { resolver: '2001:db8:1::53' }],
  [{ family: '4', keepAlive: 'off', attemptDelayMs: '10' }, { family: 4, keepAlive: false, attemptDelayMs: 10 }],
])('accepts %j', (given, values) => {
  expect(parse(given)).toMatchObject(values);
});

describe('a bad option is refused with a message', () => {
  test.each([
    [{ transport: 'axios' }, 'Expected `transport` of the client to be one of fetch, http, got `axios`.'],
    [{ resolver: 'dns.lab.test' }, 'Expected `resolver` of the client to be lookup, resolve or an IP address, got `dns.lab.test`.'],
    [{ attemptDelayMs: '9' }, 'Expected `attemptDelayMs` of the client to be a whole number from 10 to 2147483647, got `9`.'],
    [{ timeoutMs: '99999999999' }, 'Expected `timeoutMs` of the client to be a whole number from 1 to 2147483647, got `99999999999`.'],
    [{ resultOrder: 'random' }, 'Expected `resultOrder` of the client to be one of verbatim, ipv4first, ipv6first, got `random`.'],
    [{ timeout: '5' }, 'the client has no `timeout`. It has: transport, resolver, family,'],
  ])('%j', (given, message) => {
    expect(() => parse(given as Record<string, string>)).toThrow(message);
  });
});
