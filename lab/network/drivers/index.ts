/** Every driver, by the name the command line uses. Loaded when chosen: the engine's library alone takes longer than a lab. */
import { LabError, unknownName } from '../../vocabulary/errors.ts';
import type { Driver } from './driver.ts';

export const drivers = {
  netns: async () => (await import('./netns.ts')).netns,
  docker: async () => (await import('./docker.ts')).docker,
} satisfies Record<string, () => Promise<Driver>>;

export const driverNames = ['auto', ...Object.keys(drivers)];

/**
 * The driver of that name; `auto` is the first one that has all it needs.
 * @throws {LabError} BAD_INPUT for an unknown name, NOT_SUPPORTED when auto finds none, with what each one misses.
 */
export async function chooseDriver(name: string): Promise<Driver> {
  if (Object.hasOwn(drivers, name)) return await drivers[name as keyof typeof drivers]();
  if (name !== 'auto') throw unknownName('driver', name, driverNames);
  const misses: string[] = [];
  for (const load of Object.values(drivers)) {
    const driver = await load();
    const missing = (await driver.requirements()).filter(({ found, optional }) => !found && !optional);
    if (missing.length === 0) return driver;
    misses.push(`${driver.name} needs ${missing.map((each) => `${each.name} (${each.observed}; ${each.remedy})`).join(', ')}`);
  }
  throw new LabError('NOT_SUPPORTED', `No driver can run here: ${misses.join('; ')}.`);
}
