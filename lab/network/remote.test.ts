import { beforeEach, describe, expect, test } from 'vitest';
import { Remote } from './remote.ts';
import { FakeProcess } from '../testing/fake-process.ts';
import { EventLog } from '../testing/testing.ts';

let fake: FakeProcess;
let log: EventLog;
let unexpected: string[];
let remote: Remote;

beforeEach(() => {
  fake = new FakeProcess();
  log = new EventLog();
  unexpected = [];
  remote = new Remote('backend-1', fake, log.add, (reason) => unexpected.push(reason));
});

describe('ready', () => {
  test('resolves when the process says that it is ready', async () => {
    fake.say({ ready: true });
    await expect(remote.ready).resolves.toBeUndefined();
  });

  test('rejects with exit status and stderr when the process ends before that', async () => {
    fake.end({ code: 1, stderr: 'backend: cannot listen' });
    await expect(remote.ready).rejects.toMatchObject({ code: 'PROCESS_EXITED', message: 'backend-1 ended: exit status 1; it wrote: backend: cannot listen.' });
    expect(unexpected).toEqual(['ended: exit status 1; it wrote: backend: cannot listen']);
  });

  test('rejects when the process writes something else', async () => {
    fake.say('Segmentation fault');
    await expect(remote.ready).rejects.toMatchObject({ code: 'BAD_OUTPUT', message: 'Expected backend-1 to write JSON lines, got `Segmentation fault`.' });
  });
});

describe('call', () => {
  test('sends id, command and arguments; each answer settles its own call, in any order', async () => {
    const calls = Promise.all([remote.call('first', { a: 1 }), remote.call('second')]);
    expect(fake.sent).toEqual([{ id: 1, command: 'first', args: { a: 1 } }, { id: 2, command: 'second', args: {} }]);
    fake.say({ id: 2, result: 'two' });
    fake.say({ id: 1, result: { one: 1 } });
    expect(await calls).toEqual([{ one: 1 }, 'two']);
  });

  test('fails with the message of the process', async () => {
    const call = remote.call('aaaa', { on: 'yes' });
    fake.say({ id: 1, error: 'Expected `on` to be true or false.' });
    await expect(call).rejects.toMatchObject({ code: 'BAD_INPUT', message: 'backend-1: Expected `on` to be true or false.' });
  });

  test('fails when no answer comes within the limit, and ignores an answer that comes later', async () => {
    await expect(remote.call('slow', {}, 5)).rejects.toMatchObject({ code: 'TIME_LIMIT', message: 'backend-1 did not answer `slow` within 5 ms.' });
    fake.say({ id: 1, result: null });
    const next = remote.call('next');
    fake.say({ id: 2, result: 'next' });
    expect(await next).toBe('next');
  });

  test('fails when the process crashes; later calls fail at once', async () => {
    const calls = [remote.call('one'), remote.call('two')];
    fake.end({ signal: 'SIGSEGV' });
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'PROCESS_EXITED', message: 'backend-1 ended: SIGSEGV.' });
    await expect(remote.call('three')).rejects.toMatchObject({ code: 'PROCESS_EXITED' });
    expect(fake.sent).toHaveLength(2);
    expect(unexpected).toEqual(['ended: SIGSEGV']);
  });

  test.each(['', 'null', '5', '"text"', '[]', '{"half":'])('%j is not an answer: every pending call fails, and the error shows the line', async (line) => {
    const call = remote.call('one');
    fake.say(line);
    await expect(call).rejects.toMatchObject({ code: 'BAD_OUTPUT', message: `Expected backend-1 to write JSON lines, got \`${line}\`.` });
  });

  test('a long line is cut in the message', async () => {
    const call = remote.call('one');
    fake.say('x'.repeat(1_000));
    await expect(call).rejects.toMatchObject({ message: `Expected backend-1 to write JSON lines, got \`${'x'.repeat(200)}\`.` });
  });
});

test('events are passed on unchanged', () => {
  const event = { event: 'backend:stopping', atMs: 1.5, connections: 2 };
  fake.say(event);
  expect(log.events).toEqual([event]);
});

test('an expected end is not trouble', async () => {
  remote.expectExit();
  fake.end({ signal: 'SIGKILL' });
  await expect(remote.call('one')).rejects.toMatchObject({ code: 'PROCESS_EXITED' });
  expect(unexpected).toEqual([]);
});

describe('a line while no call is pending', () => {
  test.each([
    '%%% not json',
    '{"event":"foo:bar","atMs":1}',
    '{"event":"dns:policy","atMs":1}',
    '{"event":"dns:policy","atMs":"soon","change":"x"}',
    '{"event":"toString","atMs":1}',
  ])('%s is not part of the protocol: it is trouble, and later calls fail', async (line) => {
    fake.say(line);
    expect(unexpected).toEqual([`wrote \`${line}\`, which is not a line of the control protocol`]);
    expect(log.events).toEqual([]);
    await expect(remote.call('request')).rejects.toMatchObject({ code: 'BAD_OUTPUT' });
  });

  test('an event with all of its fields is not trouble', () => {
    fake.say({ event: 'dns:policy', atMs: 1, change: 'x' });
    expect(unexpected).toEqual([]);
    expect(log.names).toEqual(['dns:policy']);
  });
});
