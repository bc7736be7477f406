import { expect, test } from 'vitest';
import { scenarios } from '../../scenarios/index.ts';
import { kernelSettings, type Driver, type Requirement } from '../network/drivers/driver.ts';
import { missingPart } from './missing-part.ts';

const settings = (found: boolean): Requirement => ({ name: kernelSettings, found, observed: '/proc/sys cannot be written', costs: 'some scenarios', optional: true, remedy: 'write them elsewhere' });
const driverWith = (...requirements: Requirement[]): Pick<Driver, 'name' | 'requirements'> => ({ name: 'netns', requirements: () => Promise.resolve(requirements) });

test('a scenario with a kernel setting of the client cannot run where the driver cannot write it, and the reason names the setting', async () => {
  expect(await missingPart(scenarios['half-open'], driverWith(settings(false)))).toBe('needs net.ipv4.tcp_retries2 = 2 on the client’s host, and /proc/sys cannot be written: write them elsewhere');
  expect(await missingPart(scenarios['half-open'], driverWith(settings(true)))).toBeNull();
  // Other drivers do not have this requirement.
  expect(await missingPart(scenarios['half-open'], driverWith())).toBeNull();
});

test('a scenario without one does not ask the driver, which would cost time', async () => {
  const never = { name: 'netns', requirements: () => Promise.reject(new Error('asked')) };
  expect(await missingPart(scenarios['all-down'], never)).toBeNull();
});
