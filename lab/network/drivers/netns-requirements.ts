/** What the netns driver needs from the machine, and what to do if the kernel forbids it. */
import { execFile } from 'node:child_process';
import { access, constants, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import type { Requirement } from './driver.ts';

const tools: { tool: string; from: string; onlyFor?: string }[] = [
  { tool: 'unshare', from: 'util-linux (`sudo apt install util-linux`, or `sudo dnf install util-linux`)' },
  { tool: 'nsenter', from: 'util-linux (`sudo apt install util-linux`, or `sudo dnf install util-linux`)' },
  { tool: 'mount', from: 'mount (`sudo apt install mount`, or `sudo dnf install util-linux`)' },
  { tool: 'ip', from: 'iproute2 (`sudo apt install iproute2`, or `sudo dnf install iproute`)' },
  { tool: 'nft', from: 'nftables (`sudo apt install nftables`, or `sudo dnf install nftables`)', onlyFor: 'the faults unreachable, prohibited, first-syns-lost, half-open and data-lost' },
];

/** Checks for Linux, for each tool, and for user namespaces. */
export async function netnsRequirements(): Promise<Requirement[]> {
  if (process.platform !== 'linux') {
    return [{ name: 'Linux', found: false, observed: `this machine runs ${process.platform}`, costs: 'the netns driver', remedy: 'use a machine with Linux, or the docker driver on this one (`driver=docker`)' }];
  }
  const found = await Promise.all(
    tools.map(async ({ tool, from, onlyFor }) => {
      const path = await which(tool);
      return { name: tool, found: path !== null, observed: path ?? 'not found on PATH, in /usr/sbin or in /sbin', costs: onlyFor ?? 'the netns driver', optional: onlyFor !== undefined, remedy: `install ${from}` };
    }),
  );
  // The check of user namespaces needs unshare.
  return found.some(({ name, found: there }) => name === 'unshare' && !there) ? found : [...found, await userNamespaces()];
}

/** Tries to make user namespaces. If the kernel refuses, the result names the sysctl that forbids them and the command that allows them. */
async function userNamespaces(): Promise<Requirement> {
  const refusal = await tryNamespaces();
  const reason = refusal === null ? null : ((await forbiddingSysctl()) ?? containerForbids);
  return {
    name: 'user namespaces',
    found: refusal === null,
    observed: reason === null ? 'allowed' : `${reason.observed} (${refusal ?? ''})`,
    costs: 'the netns driver',
    remedy: reason?.remedy ?? '',
  };
}

/** Tries to make the namespaces of a lab. Returns null if that works, otherwise the message of unshare(1). */
function tryNamespaces(): Promise<string | null> {
  return new Promise((resolve) => {
    const argv = ['--user', '--map-root-user', '--net', '--mount', '--pid', '--fork', 'true'];
    execFile('unshare', argv, { env: { ...process.env, PATH: searchPath() }, timeout: 5_000 }, (error, _, stderr) => {
      resolve(error ? stderr.trim() || error.message : null);
    });
  });
}

interface Reason {
  observed: string;
  remedy: string;
}

const containerForbids: Reason = {
  observed: 'the kernel or a container engine refuses to make them',
  remedy: 'if this is a container, start it with `--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined`; otherwise use the docker driver (`driver=docker`)',
};

/** Finds the sysctl that forbids user namespaces. Null if no known sysctl does. */
async function forbiddingSysctl(): Promise<Reason | null> {
  const isRoot = process.getuid?.() === 0;
  const checks: { sysctl: string; forbids: string; root: boolean; allow: string }[] = [
    { sysctl: 'user.max_user_namespaces', forbids: '0', root: true, allow: '10000' },
    { sysctl: 'kernel.unprivileged_userns_clone', forbids: '0', root: false, allow: '1' },
    // Ubuntu 23.10 and later: https://documentation.ubuntu.com/security/security-features/privilege-restriction/apparmor/
    { sysctl: 'kernel.apparmor_restrict_unprivileged_userns', forbids: '1', root: false, allow: '0' },
  ];
  for (const { sysctl, forbids, root, allow } of checks) {
    const value = await readFile(`/proc/sys/${sysctl.replaceAll('.', '/')}`, 'utf8').then((text) => text.trim(), () => null);
    if (value === forbids && (root || !isRoot)) {
      return {
        observed: `forbidden by the kernel setting ${sysctl} = ${value}`,
        remedy: `run \`sudo sysctl -w ${sysctl}=${allow}\`; to keep the setting after a reboot, also run \`echo ${sysctl}=${allow} | sudo tee /etc/sysctl.d/60-failover-lab.conf\``,
      };
    }
  }
  return null;
}

/** Replaces unshare's bare "Operation not permitted" by the reason and the command that allows it. Also names a missing tool. */
export async function explainStartFailure(error: unknown): Promise<LabError> {
  const missing = (await netnsRequirements()).filter(({ found, optional }) => !found && !optional);
  if (missing.length === 0) return error instanceof LabError ? error : new LabError('START_FAILED', messageOf(error), { cause: error });
  const reasons = missing.map(({ name, observed, remedy }) => `${name}: ${observed}. To get it: ${remedy}.`);
  return new LabError('NOT_SUPPORTED', `The netns driver cannot run on this machine. ${reasons.join(' ')}`, { cause: error });
}

/** PATH, and the folders where Debian keeps ip and tc. Debian leaves these folders out of an ordinary user's PATH. */
export function searchPath(): string {
  return [process.env['PATH'], '/usr/sbin', '/sbin'].filter(Boolean).join(delimiter);
}

async function which(tool: string): Promise<string | null> {
  for (const directory of searchPath().split(delimiter)) {
    const path = join(directory, tool);
    if (await access(path, constants.X_OK).then(() => true, () => false)) return path;
  }
  return null;
}
