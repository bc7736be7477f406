import { expect, test } from 'vitest';
import { cellText } from '../report/matrix/cell-text.ts';
import { cellOf, noAnswerIn, type Reading } from './cells.ts';

const reading = (outcome: string | null, delayMs: number | null = null, remark: string | null = null): Reading => ({ outcome, delayMs, remark, directory: 'results/x', trouble: outcome === null ? 'no effect' : null });
const text = (...readings: Reading[]): string => cellText(cellOf('curl', '8', 'first-silent', readings));

test('a cell shows the median, and half of the spread if the spread is large enough', () => {
  expect(text(reading('answered', 250.1), reading('answered', 250.9), reading('answered', 250.4))).toBe('250 ms');
  expect(text(reading('answered', 240), reading('answered', 260), reading('answered', 251))).toBe('251 ms ±10 ms');
  expect(cellOf('curl', '8', 'x', [reading('answered', 10), reading('answered', 20)]).outcomes).toMatchObject([{ count: 2, medianMs: 15, minMs: 10, maxMs: 20 }]);
});

test('one run stands for those with the same outcome: the one that is nearest to their median', () => {
  const runs = [240, 900, 251, 253].map((delayMs, index): Reading => ({ ...reading('answered', delayMs), directory: `x/${index}` }));
  expect(cellOf('curl', '8', 'x', [...runs, { ...reading('EOF'), directory: 'x/4' }]).outcomes).toMatchObject([{ outcome: 'answered', medianMs: 252, directory: 'x/2' }, { outcome: 'EOF', directory: 'x/4' }]);
});

test('an error stands before its delay, and remarks stand after it', () => {
  expect(text(reading('ECONNREFUSED', 0.42, '2 attempts'))).toBe('ECONNREFUSED, 0.4 ms, 2 attempts');
  expect(text(reading(noAnswerIn(17_000), null, '2 attempts'))).toBe('no answer in 17 s, 2 attempts');
  expect(text(reading('answered', 1_234, null))).toBe('1.23 s');
  expect(text(reading('exit status 7: curl: (7) Failed to connect', 3))).toBe('exit status 7, 3.0 ms');
});

test('times that are not alike are shown from the least to the greatest, since no run had their median', () => {
  expect(text(reading('answered', 0.4), reading('answered', 199))).toBe('0.4 to 199 ms');
  expect(text(reading('answered', 133_000), reading('answered', 980))).toBe('980 ms to 133.00 s');
  // Below 100 ms it is the machine, and within half as much again it is one timer.
  expect(text(reading('answered', 0.4), reading('answered', 99))).toBe('50 ms ±49 ms');
  expect(text(reading('answered', 1_000), reading('answered', 1_500))).toBe('1.25 s ±250 ms');
});

test('different outcomes are shown separately, and a run that showed nothing is a question mark', () => {
  expect(text(reading('answered', 5), reading('EOF', 7), reading('answered', 5), reading(null))).toBe('2× 5.0 ms; 1× EOF, 7.0 ms; 1× ?');
  expect(text(reading(null), reading(null))).toBe('2× ?');
  expect(text()).toBe('–');
  expect(text(reading('exit status 7: curl: (7) after 18 ms', 2), reading('exit status 7: curl: (7) after 21 ms', 4))).toBe('exit status 7, 3.0 ms ±1.0 ms');
  expect(text(reading('lookup on 198.51.100.53:53: read 198.51.100.200:40123: timeout', 2), reading('lookup on 198.51.100.53:53: read 198.51.100.200:5123: timeout', 2))).not.toContain('×');
  expect(text(reading('verification time 1795853910 (UNIX), not valid after 1795753215 (100695 seconds ago)', 2), reading('verification time 1795856061 (UNIX), not valid after 1795753215 (102846 seconds ago)', 2))).not.toContain('×');
  expect(text(reading('NotAfter: Thu Nov 26 22:44:48 UTC 2026', 2), reading('NotAfter: Fri Nov 27 04:20:15 UTC 2026', 2))).not.toContain('×');
  expect(text(reading('sha256/P2QdA9RVMn4HM/b2wm2RgTPtVEszhtx5cjvCg8n6yqI=', 2), reading('sha256/zL8k79+XT+K2oMc4PAyuchlZ9UIpIelr8/iNx6ZvhDg=', 2))).not.toContain('×');
});
