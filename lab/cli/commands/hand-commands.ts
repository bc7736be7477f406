/** The commands of the second terminal. They change the lab that `lab up` keeps up: exec, dns, faults, heal, behave, down. */
import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';

import { askLab } from '../hand-control.ts';
import { parseDnsWords } from '../dns-words.ts';
import type { HealedByHand } from '../hand-heal.ts';
import type { Asked, HandClientState } from '../hand-client.ts';
import { askedText, policyLines, seenText, statusLines, type HandStatus } from '../hand-status.ts';
import { ifInstalled } from '../../network/drivers/index.ts';
import { searchPath } from '../../network/drivers/netns-requirements.ts';
import { LabError } from '../../vocabulary/errors.ts';
import type { Observation } from '../../faults/fault.ts';
import { pc } from '../../vocabulary/terminal.ts';
import { splitAssignments } from '../../vocabulary/options.ts';
import type { Policy } from '../../../services/dns/policy.ts';

/** Runs a command on a host, in this terminal. Returns the exit status of the command. */
export async function exec(host: string, argv: string[]): Promise<number> {
  const [file = '', ...args] = (await askLab('argv', { host, argv, directory: process.cwd(), tty: process.stdin.isTTY })) as string[];
  // Ctrl-C reaches this process and the command. It is meant for the command. This process ends when the command ends.
  process.on('SIGINT', () => undefined);
  const { status, signal, error } = spawnSync(file, args, { stdio: 'inherit', env: { ...process.env, PATH: searchPath() } });
  if (error) throw new LabError('MISSING_TOOL', `Could not run \`${file}\`: ${error.message}`, { cause: error });
  return status ?? 128 + (signal ? constants.signals[signal] : 0);
}

/** Changes the answer policy, or only shows it. Prints the policy that is in force now. */
export async function dns(words: string[]): Promise<number> {
  const policy = (await askLab('dns', parseDnsWords(words))) as Policy;
  for (const line of policyLines(policy)) console.log(line);
  if (policy.remark !== undefined) console.log(pc.yellow(policy.remark));
  return 0;
}

/** Starts a client in the place of the one before, or shows which one there is. */
export async function chooseClient(words: string | null, options: string[]): Promise<number> {
  const { name, version, options: given, perS } = (await askLab('client', { words, options: splitAssignments(options) })) as HandClientState;
  console.log(name === null ? 'no client yet: the first `lab ask` starts node-fetch' : `${name} ${version ?? ''}${given && ` ${given}`}${perS > 0 ? `, ${perS} requests a second` : ''}`);
  return 0;
}

/** Has the client make a request, or so many each second. The exit status is 1 when the request fails. */
export async function ask(method: string, perS: string | undefined): Promise<number> {
  if (perS !== undefined) {
    const { name, perS: rate } = (await askLab('rate', { method, perS })) as HandClientState;
    console.log(`${name ?? 'the client'}: ${rate} requests a second`);
    return 0;
  }
  const asked = (await askLab('ask', { method })) as Asked;
  console.log(askedText(asked));
  return asked.ok ? 0 : 1;
}

/** Shows what is up, what is broken, and the connections. */
export async function status(): Promise<number> {
  for (const line of statusLines((await askLab('status', {})) as HandStatus)) console.log(line);
  return 0;
}

/** Puts a fault in force. The exit status is 2 when its effect was not seen. */
export async function applyFault(fault: string, host: string, options: Record<string, string>): Promise<number> {
  const observation = (await askLab('apply', { fault, host, options })) as Observation;
  console.log(seenText(`${fault} ${host}`, observation));
  return observation.seen ? 0 : 2;
}

/** Heals what was broken by hand, and names what is left as it is. The exit status is 2 when the baseline was not seen again everywhere. */
export async function heal(host: string | undefined): Promise<number> {
  const { healed, left } = (await askLab('heal', { host: host ?? null })) as HealedByHand;
  for (const { what, ...observation } of healed) console.log(seenText(`healed ${what}`, observation));
  if (healed.length === 0) console.log('nothing was broken');
  for (const each of left) console.log(`left as it is: ${each}`);
  return healed.every(({ seen }) => seen) ? 0 : 2;
}

/** Changes the behaviour of a backend's application: `status=503 delayMs=200`. Prints the behaviour that is in force now. */
export async function behave(backend: string, words: string[]): Promise<number> {
  console.log(JSON.stringify(await askLab('behave', { backend, change: splitAssignments(words) })));
  return 0;
}

/**
 * Takes down the lab that `lab up` keeps up, and waits until it is gone. Also removes what killed runs have left on docker. The exit status is 3 if
 * there was no lab by hand, and docker could not be asked.
 */
export async function down(): Promise<number> {
  const leftovers = await ifInstalled(() => import('../../network/drivers/docker-leftovers.ts'));
  const wasUp = await askLab('down', {}).then(
    () => true,
    (error: unknown) => {
      if (error instanceof LabError && error.code === 'NO_LAB') return false;
      throw error;
    },
  );
  const { labs, images, left, notAsked } = leftovers ? await leftovers.removeDockerLabs() : { labs: 0, images: 0, left: [], notAsked: null };
  const parts = [...(wasUp ? ['the lab is down'] : []), ...(labs > 0 ? [`${labs} docker containers and networks removed`] : []), ...(images > 0 ? [`${images} old docker images removed`] : [])];
  if (parts.length > 0 || (left.length === 0 && notAsked === null)) console.log(parts.join('; ') || 'nothing was up');
  for (const each of left) console.log(each);
  if (notAsked !== null) console.error(`lab: Docker could not be asked, so what killed runs have left there stays: ${notAsked}`);
  return notAsked === null || wasUp ? 0 : 3;
}
