/**
 * All drivers, by their names on the command line. A driver is loaded only when it is chosen: to load the engine's library alone takes
 * longer than to start a lab.
 */
import { LabError, unknownName } from '../../vocabulary/errors.ts';
import type { Driver } from './driver.ts';

export const drivers = {
  netns: async () => (await import('./netns.ts')).netns,
  docker: async () => (await ifInstalled(() => import('./docker.ts')))?.docker ?? dockerWithoutPackages,
} satisfies Record<string, () => Promise<Driver>>;

export const driverNames = ['auto', ...Object.keys(drivers)];

/** The driver that `auto` has found. What the machine allows stays so while a command runs, and a command may make a hundred runs. */
let found: Driver | null = null;

/**
 * Returns the driver of that name. `auto` is the first driver that has everything it needs.
 * @throws {LabError} BAD_INPUT for an unknown name. NOT_SUPPORTED if `auto` finds no driver; the message says what each driver lacks.
 */
export async function chooseDriver(name: string): Promise<Driver> {
  if (Object.hasOwn(drivers, name)) return await drivers[name as keyof typeof drivers]();
  if (name !== 'auto') throw unknownName('driver', name, driverNames);
  if (found !== null) return found;
  const misses: string[] = [];
  for (const load of Object.values(drivers)) {
    const driver = await load();
    const missing = (await driver.requirements()).filter(({ found, optional }) => !found && !optional);
    if (missing.length === 0) return (found = driver);
    misses.push(`the ${driver.name} driver lacks ${missing.map((each) => `${each.name} (${each.observed}; to get it: ${each.remedy})`).join(', ')}`);
  }
  throw new LabError('NOT_SUPPORTED', `No driver can run on this machine: ${misses.join('; ')}.`);
}

/** A module of the docker driver, or null where its npm packages are not installed: runs on namespaces do without them, so `make scenario` does not install them. */
export async function ifInstalled<Module>(load: () => Promise<Module>): Promise<Module | null> {
  try {
    return await load();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND')) return null;
    throw error;
  }
}

const dockerWithoutPackages: Driver = {
  name: 'docker',
  requirements: () => Promise.resolve([{ name: 'npm packages', found: false, observed: 'not installed', costs: 'the docker driver', remedy: 'run `make install`' }]),
  start: () => Promise.reject(new LabError('NOT_SUPPORTED', 'The docker driver needs npm packages that are not installed. Run `make install`.')),
};
