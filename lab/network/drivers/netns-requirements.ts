/** What the netns driver needs of the machine, and what to do where the kernel forbids it. */
import { execFile } from 'node:child_process';
import { access, constants, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import type { Requirement } from './driver.ts';

const tools: { tool: string; from: string; onlyFor?: string }[] = [
  { tool: 'unshare', from: 'util-linux' },
  { tool: 'nsenter', from: 'util-linux' },
  { tool: 'mount', from: 'util-linux (package mount on Debian)' },
  { tool: 'ip', from: 'iproute2' },
  { tool: 'nft', from: 'nftables', onlyFor: 'the faults unreachable, prohibited, first-syns-lost, half-open and data-lost' },
];

export async function netnsRequirements(): Promise<Requirement[]> {
  if (process.platform !== 'linux') {
    return [{ name: 'Linux', found: false, observed: process.platform, costs: 'the netns driver', remedy: 'use driver=docker' }];
  }
  const found = await Promise.all(
    tools.map(async ({ tool, from, onlyFor }) => {
      const path = await which(tool);
      return { name: tool, found: path !== null, observed: path ?? 'not on PATH', costs: onlyFor ?? 'the netns driver', optional: onlyFor !== undefined, remedy: `install ${from}` };
    }),
  );
  // Asked only where there is something to ask with.
  return found.some(({ name, found: there }) => name === 'unshare' && !there) ? found : [...found, await userNamespaces()];
}

/** Asked by trying; where the kernel says no, the sysctl that forbids it is named with what allows it again. */
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

/** Null when the namespaces of a lab can be made, else what unshare(1) says. */
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
  observed: 'the kernel or the container engine refuses them',
  remedy: 'in a container: --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined',
};

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
      return { observed: `${sysctl} = ${value}`, remedy: `sudo sysctl -w ${sysctl}=${allow}` };
    }
  }
  return null;
}

/** Turns unshare's bare "Operation not permitted" into what forbids it and how to allow it; names a missing tool. */
export async function explainStartFailure(error: unknown): Promise<LabError> {
  const missing = (await netnsRequirements()).filter(({ found, optional }) => !found && !optional);
  if (missing.length === 0) return error instanceof LabError ? error : new LabError('START_FAILED', messageOf(error), { cause: error });
  const reasons = missing.map(({ name, observed, remedy }) => `${name}: ${observed}. To get it: ${remedy}.`);
  return new LabError('NOT_SUPPORTED', `The netns driver cannot run here. ${reasons.join(' ')}`, { cause: error });
}

/** PATH, and the folders where Debian keeps ip and tc but which it leaves out of an ordinary user's PATH. */
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
