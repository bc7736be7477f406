/** `lab doctor`: shows what each driver needs, whether it was found, what does not work without it, and how to get it. */
import { pc } from '../../vocabulary/terminal.ts';
import { drivers } from '../../network/drivers/index.ts';

/** Exit status: 0 when at least one driver can run, 3 when none can. */
export async function doctor(): Promise<number> {
  let able = 0;
  for (const load of Object.values(drivers)) {
    const driver = await load();
    const requirements = await driver.requirements();
    const missing = requirements.filter(({ found }) => !found);
    const runs = missing.every(({ optional }) => optional);
    if (runs) able++;
    console.log(`${pc.bold(driver.name)}: ${runs ? pc.green('can run') : pc.red('cannot run')}`);
    const width = Math.max(...requirements.map(({ name }) => name.length));
    for (const { name, found, observed, costs, remedy } of requirements) {
      console.log(`  ${found ? pc.green('✔') : pc.red('✘')} ${name.padEnd(width)}  ${observed}`);
      if (!found) console.log(`    ${' '.repeat(width)}  without it: no ${costs.replace(/^the /, '')}. To get it: ${remedy}`);
    }
  }
  return able > 0 ? 0 : 3;
}
