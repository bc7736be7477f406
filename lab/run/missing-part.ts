/** What a scenario needs beyond the lab, and this machine or this driver does not have. It is asked before a lab is made. */
import { kernelSettings, type Driver } from '../network/drivers/driver.ts';
import type { ClientSysctls } from '../vocabulary/topology.ts';
import { missingServer } from './external-servers/start-external-server.ts';
import { missingResolver } from './resolvers.ts';
import type { Scenario } from './scenario.ts';

/** Why a scenario cannot run here: `needs nginx: apt-get install nginx-light`. Null if it can. */
export async function missingPart({ needs, needsResolver, topology }: Pick<Scenario, 'needs' | 'needsResolver' | 'topology'>, driver: Pick<Driver, 'name' | 'requirements'>): Promise<string | null> {
  return (await missingServer(needs, driver)) ?? (needsResolver ? await missingResolver(driver) : null) ?? (await missingSettings(topology?.clientSysctls, driver));
}

async function missingSettings(asked: ClientSysctls = {}, driver: Pick<Driver, 'requirements'>): Promise<string | null> {
  if (Object.keys(asked).length === 0) return null;
  const missing = (await driver.requirements()).find(({ name, found }) => name === kernelSettings && !found);
  return missing ? `needs ${Object.entries(asked).map(([name, value]) => `${name} = ${value}`).join(', ')} on the client’s host, and ${missing.observed}: ${missing.remedy}` : null;
}
