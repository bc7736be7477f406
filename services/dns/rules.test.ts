import { expect, test } from 'vitest';
import { noEffect, Rules } from './rules.ts';

const from = '192.0.2.1';
const web = { name: 'web.lab.test', type: 'A', from };

test('a rule applies only to its name, type and clients', () => {
  const rules = new Rules('1');
  rules.set({ id: 'mine', match: { name: 'web.lab.test', type: 'A', clients: [from, '192.0.2.2'] }, effect: { drop: true } });
  const isDropped = (query: object): boolean => rules.effectOn({ ...web, ...query }).effect.drop;
  expect([{}, { name: 'WEB.lab.test' }, { from: '192.0.2.2' }].map(isDropped)).toEqual([true, true, true]);
  expect([{ name: 'web2.lab.test' }, { type: 'AAAA' }, { from: '192.0.2.3' }].map(isDropped)).toEqual([false, false, false]);
  rules.remove('mine');
  expect(rules.effectOn(web)).toEqual({ effect: noEffect, ids: [] });
});

test('a rule for a name hits the HTTPS query for it that has a port before the name, and no other query for that name', () => {
  const rules = new Rules('1');
  rules.set({ id: 'web', match: { name: 'web.lab.test' }, effect: { drop: true } });
  rules.set({ id: 'prefixed', match: { name: '_8443._https.web.lab.test' }, effect: { drop: true } });
  rules.set({ id: 'addresses', match: { name: 'web.lab.test', type: 'A' }, effect: { drop: true } });
  const hits = (name: string, type: string): string[] => rules.effectOn({ name, type, from }).ids;
  expect(hits('_8443._HTTPS.web.lab.test', 'HTTPS')).toEqual(['web', 'prefixed']);
  expect([hits('_8443._https.web.lab.test', 'A'), hits('web.lab.test', 'HTTPS'), hits('_8443._https.web2.lab.test', 'HTTPS')]).toEqual([['prefixed'], ['web'], []]);
});

test('the effects of several rules add up', () => {
  const rules = new Rules('1');
  rules.set({ id: 'late', match: {}, effect: { delayMs: 20, copies: 2, omit: ['198.51.100.11'] } });
  rules.set({ id: 'later', match: {}, effect: { delayMs: 30, copies: 2, rcode: 'SERVFAIL', omit: ['198.51.100.12'] } });
  rules.set({ id: 'other', match: { type: 'AAAA' }, effect: { drop: true } });
  expect(rules.effectOn(web)).toEqual({
    effect: { ...noEffect, delayMs: 50, copies: 3, rcode: 'SERVFAIL', omit: ['198.51.100.11', '198.51.100.12'] },
    ids: ['late', 'later'],
  });
});

test('each client has its own draws for a share, and the draws repeat when the rule is set again', () => {
  const rules = new Rules('1');
  const draw = (client: string, times: number): boolean[] => Array.from({ length: times }, () => rules.effectOn({ ...web, from: client }).effect.drop);
  const set = (): void => { rules.set({ id: 'some', match: { percent: 30 }, effect: { drop: true } }); };
  set();
  const alone = draw(from, 200);
  // 60 are expected, with a standard deviation of 6.5. The seed is fixed.
  expect(alone.filter(Boolean).length).toBeGreaterThan(40);
  expect(alone.filter(Boolean).length).toBeLessThan(80);
  set();
  const beside = Array.from({ length: 200 }, () => (draw('192.0.2.9', 3), draw(from, 1)[0]));
  expect(beside).toEqual(alone);
  expect(draw('192.0.2.10', 200)).not.toEqual(alone);
});
