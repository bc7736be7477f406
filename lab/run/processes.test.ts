import { availableParallelism } from 'node:os';
import { beforeEach, expect, test } from 'vitest';
import type { Host, Network } from '../network/drivers/driver.ts';
import { FakeProcess } from '../testing/fake-process.ts';
import { Processes } from './processes.ts';
import { Timeline } from './timeline.ts';

const cores = availableParallelism();
let begun: FakeProcess[];
let processes: Processes;

/** A lab whose hosts start processes without programs. */
function makeProcesses(onTimeline: Timeline): Processes {
  const start: Host['start'] = () => {
    const fake = new FakeProcess();
    begun.push(fake);
    return Promise.resolve(fake);
  };
  return new Processes({ host: () => ({ start }) } as unknown as Network, onTimeline);
}

/** Whatever can happen without a process becoming ready has happened. */
const quiet = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

async function allReady(): Promise<void> {
  for (let index = 0; index < begun.length; index++) {
    begun[index]?.say({ ready: true });
    await quiet();
  }
}

beforeEach(() => {
  begun = [];
  processes = makeProcesses(new Timeline());
});

test('while labs come up, as many processes start at a time as there are cores', async () => {
  const another = makeProcesses(new Timeline());
  const starts = Array.from({ length: 2 * cores + 1 }, (_, index) => (index % 2 === 0 ? processes : another).start('client', `process ${index}`, []));
  await quiet();
  expect(begun).toHaveLength(cores);
  begun[0]?.say({ ready: true });
  await quiet();
  expect(begun).toHaveLength(cores + 1);
  await allReady();
  expect((await Promise.all(starts)).map(({ name }) => name)).toEqual(starts.map((_, index) => `process ${index}`));
});

test('a process that does not become ready makes room for the next one', async () => {
  const starts = Array.from({ length: cores + 1 }, (_, index) => processes.start('client', `process ${index}`, []));
  await quiet();
  begun[0]?.end({ code: 1, stderr: 'no such file' });
  await expect(starts[0]).rejects.toThrow('process 0 ended: exit status 1');
  await quiet();
  expect(begun).toHaveLength(cores + 1);
  await allReady();
  await Promise.all(starts.slice(1));
});

test('a process that starts during a run does not wait', async () => {
  const starts = Array.from({ length: cores }, () => processes.start('client', 'a lab that comes up', []));
  const running = new Timeline();
  running.start();
  starts.push(makeProcesses(running).start('backend-1', 'backend-1', []));
  await quiet();
  expect(begun).toHaveLength(cores + 1);
  await allReady();
  await Promise.all(starts);
});

test('no process starts once its lab ends', async () => {
  const starts = Array.from({ length: cores + 1 }, () => processes.start('client', 'the client', []));
  await quiet();
  processes.expectEnd();
  const late = expect(starts.at(-1)).rejects.toThrow('the client was not started, because the lab ends');
  await allReady();
  await late;
  expect(begun).toHaveLength(cores);
  await Promise.all(starts.slice(0, -1));
});
