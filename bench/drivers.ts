/** The driver that is measured. */
import { LabError } from '../lab/vocabulary/errors.ts';
import type { Driver } from '../lab/network/drivers/driver.ts';
import { drivers } from '../lab/network/drivers/index.ts';

/** @throws {LabError} NOT_SUPPORTED if this machine lacks something that the driver needs. */
export async function usable(name: keyof typeof drivers): Promise<Driver> {
  const driver = await drivers[name]();
  const missing = (await driver.requirements()).filter(({ found, optional }) => !found && !optional);
  if (missing.length > 0) throw new LabError('NOT_SUPPORTED', `The ${name} driver cannot run here: ${missing.map((each) => `${each.name}: ${each.observed}`).join('; ')}.`);
  return driver;
}
