import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseAddress, parseHostAddress } from './address.ts';
import { explainSkew } from './explain-skew.ts';
import { glibcTables, readGaiConf, rfc6724Tables, valueOf, type AddressTables } from './prefix-table.ts';

function gaiConf(text: string): AddressTables {
  const folder = mkdtempSync(join(tmpdir(), 'gai-'));
  onTestFinished(() => { rmSync(folder, { recursive: true }); });
  writeFileSync(join(folder, 'gai.conf'), text);
  return readGaiConf(join(folder, 'gai.conf'));
}

const precedence = (tables: AddressTables, address: string): number => valueOf(tables.precedences, parseAddress(address, ''), 40);

test('the longest prefix counts', () => {
  expect(['::1', '2001:db8::1', '198.51.100.1', '2002:c000:204::1', '2001:0:1::1', 'fd00::1', '3ffe::1'].map((each) => precedence(rfc6724Tables, each))).toEqual([50, 40, 35, 30, 5, 3, 1]);
  expect(['::1', '2001:db8::1', '198.51.100.1', '2002:c000:204::1', '2001:0:1::1', 'fd00::1', '3ffe::1'].map((each) => precedence(glibcTables, each))).toEqual([50, 40, 10, 30, 40, 40, 40]);
});

test('a line of gai.conf replaces the table of its kind, and leaves the other kinds', () => {
  const tables = gaiConf('# a comment\nreload no\nprecedence ::ffff:0:0/96 100  # IPv4 first\n\n');
  expect([precedence(tables, '198.51.100.1'), precedence(tables, '::1'), tables.labels === glibcTables.labels]).toEqual([100, 40, true]);
});

test('a gai.conf that is empty changes nothing', () => {
  expect(gaiConf('# nothing\n')).toEqual(glibcTables);
});

test.each([
  ['precedence ::/0', 'got `precedence ::/0` in line 1'],
  ['label ::/0 one', 'got `label ::/0 one` in line 1'],
  ['preference ::/0 10', 'Expected each line of `'],
  ['precedence 10.0.0.0/8 10', 'line 1 to be an IPv6 prefix, got `10.0.0.0/8`'],
  ['precedence ::/129 10', 'line 1 to be an IPv6 prefix, got `::/129`'],
  ['scopev4 here/8 10', 'line 1 to be an IPv6 prefix or an IPv4 prefix, got `here/8`'],
])('the line %s', (line, message) => { expect(() => gaiConf(line)).toThrow(message); });

test('a file that is not there', () => { expect(() => readGaiConf('/nowhere/gai.conf')).toThrow('Expected `--gai-conf` to be a file that can be read, got `/nowhere/gai.conf`'); });

test('a gai.conf that prefers no family leaves glibc without an order', () => {
  expect(() => explainSkew({
    client: ['198.51.100.9/24', '2001:db8:1::9/64'].map((each) => parseHostAddress(each, '')),
    answers: ['198.51.100.11', '2001:db8:5::11'].map((each) => parseAddress(each, '')),
    returned: null, policy: 'shuffle' as const,
    gai: gaiConf('precedence ::/0 10\nprecedence ::ffff:0:0/96 10\n'),
  })).toThrow('Expected gai.conf to prefer one family, but no rule before rule 9 tells 198.51.100.11 from 2001:db8:5::11');
});
