/** `lab doctor`: shows what each driver needs, whether it was found, what does not work without it, and how to get it. */
import { pc } from '../../vocabulary/terminal.ts';
import type { Requirement } from '../../network/drivers/driver.ts';
import { drivers } from '../../network/drivers/index.ts';
import { resolverRequirements } from '../../run/resolvers.ts';

/** Exit status: 0 when at least one driver can run, 3 when none can. */
export async function doctor(): Promise<number> {
  let able = 0;
  for (const load of Object.values(drivers)) {
    const driver = await load();
    const requirements = await driver.requirements();
    const runs = requirements.every(({ found, optional }) => found || optional);
    if (runs) able++;
    console.log(`${pc.bold(driver.name)}: ${runs ? pc.green('can run') : pc.red('cannot run')}`);
    show(requirements);
  }
  console.log(`${pc.bold('resolvers')} that can stand between client and DNS server (--resolver, netns only)`);
  show(await resolverRequirements());
  return able > 0 ? 0 : 3;
}

function show(requirements: readonly Requirement[]): void {
  const width = Math.max(...requirements.map(({ name }) => name.length));
  for (const { name, found, observed, costs, remedy } of requirements) {
    console.log(`  ${found ? pc.green('✔') : pc.red('✘')} ${name.padEnd(width)}  ${observed}`);
    if (!found) console.log(`    ${' '.repeat(width)}  without it: no ${costs.replace(/^the /, '')}. To get it: ${remedy}`);
  }
}
