/** What a scenario needs beyond the lab, and this machine or this driver does not have. It is asked before a lab is made. */
import type { Driver } from '../network/drivers/driver.ts';
import { missingServer } from './external-servers/start-external-server.ts';
import { missingResolver } from './resolvers.ts';
import type { Scenario } from './scenario.ts';

/** Why a scenario cannot run here: `needs nginx: apt-get install nginx-light`. Null if it can. */
export async function missingPart({ needs, needsResolver }: Pick<Scenario, 'needs' | 'needsResolver'>, driver: Pick<Driver, 'name'>): Promise<string | null> {
  return (await missingServer(needs, driver)) ?? (needsResolver ? await missingResolver(driver) : null);
}
