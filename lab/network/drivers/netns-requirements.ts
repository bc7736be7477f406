/** What the netns driver needs from the machine, and what to do if the kernel forbids it. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { kernelSettings, type Requirement } from './driver.ts';
import { findRunner, remedyFor, type Runner, type RunnerKind } from './runner.ts';

const tools: { tool: string; from: string; onlyFor?: string }[] = [
  { tool: 'unshare', from: 'util-linux (`sudo apt install util-linux`, or `sudo dnf install util-linux`)' },
  { tool: 'nsenter', from: 'util-linux (`sudo apt install util-linux`, or `sudo dnf install util-linux`)' },
  { tool: 'mount', from: 'mount (`sudo apt install mount`, or `sudo dnf install util-linux`)' },
  { tool: 'ip', from: 'iproute2 (`sudo apt install iproute2`, or `sudo dnf install iproute`)' },
  { tool: 'nft', from: 'nftables (`sudo apt install nftables`, or `sudo dnf install nftables`)', onlyFor: 'the faults unreachable, prohibited, first-syns-lost, half-open and data-lost' },
];

/** Checks for Linux, for each tool, and tries what a run does. */
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
  // The trial needs the tools.
  return found.some(({ found: there, optional }) => !there && !optional) ? found : [...found, ...(await tryRun())];
}

/**
 * What a run does with the kernel, in the order in which a run does it (netns.ts), with one host. Each step prints its name before it begins, and the
 * last one whether a setting of the host can be written.
 */
const trialScript = `echo mount
mount -t tmpfs lab /run
mkdir /run/netns
echo link
ip -batch - <<END
netns add host
link add v-host type veth peer name eth0 netns host
END
echo enter
exec nsenter --net=/run/netns/host sh -c '{ echo 0 >/proc/sys/net/ipv4/icmp_ratelimit; } 2>/dev/null && echo written || echo refused'`;

/** The steps of the trial that may fail, with what they need of the kernel. */
const steps: Record<string, string> = { unshare: 'make user namespaces', mount: 'mount a file system', link: 'make a network namespace with a link', enter: 'enter a network namespace' };

/** Tries the steps. If the kernel refuses one, the result names what forbids it, and the least that allows it on this runner. */
async function tryRun(): Promise<Requirement[]> {
  const { reached, refusal } = await runTrial();
  const runner = findRunner();
  const costs = 'the netns driver';
  const isWritable = reached === 'written';
  if (refusal === null) {
    return [
      { name: 'namespaces', found: true, observed: 'allowed', costs, remedy: '' },
      {
        name: kernelSettings,
        found: isWritable,
        observed: isWritable ? 'can be written' : '/proc/sys cannot be written',
        costs: 'the scenarios half-open and syn-schedule-exponential, no faults unreachable and prohibited',
        optional: true,
        remedy: remedyFor(runner, { settings: true }),
      },
    ];
  }
  const { observed, remedy } = reasonFor(runner, reached, refusal);
  return [{ name: 'namespaces', found: false, observed: `${observed} (${refusal})`, costs, remedy }];
}

/** Runs the trial. Returns the last step that it reached, and the message of the tool that failed, or null. */
function runTrial(): Promise<{ reached: string; refusal: string | null }> {
  return new Promise((resolve) => {
    const argv = ['--user', '--map-root-user', '--net', '--mount', '--pid', '--fork', 'sh', '-ec', trialScript];
    execFile('unshare', argv, { env: { ...process.env, PATH: searchPath() }, timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ reached: stdout.trim().split('\n').at(-1) || 'unshare', refusal: error ? stderr.trim().split('\n')[0] || error.message : null });
    });
  });
}

interface Reason {
  observed: string;
  remedy: string;
}

/** Why the kernel refused a step: a setting of the kernel, or the container. */
function reasonFor(runner: Runner, reached: string, refusal: string): Reason {
  const setting = forbiddingSetting(runner);
  if (setting) return setting;
  // unshare(1) makes three calls, and has a message for each: it makes the namespaces, writes the map of users, and changes the propagation of mounts.
  if (/[ug]id_map/.test(refusal)) return { observed: 'root without CAP_SETFCAP cannot make user namespaces', remedy: remedyFor(runner, { rootMap: true }) };
  const step = refusal.includes('propagation') ? 'mount' : reached;
  const by = [...(runner.hasSeccomp ? ['the seccomp profile'] : []), ...(runner.appArmor === null ? [] : [`the AppArmor profile ${runner.appArmor}`])].join(' or ');
  return { observed: `${by || 'the kernel or a container engine'} refuses to ${steps[step] ?? step}`, remedy: remedyFor(runner, { calls: true }) };
}

/** Finds the kernel setting that forbids user namespaces. Null if none is known that does. */
function forbiddingSetting(runner: Runner): Reason | null {
  const checks: { sysctl: string; forbids: string; admin: boolean; allow: string }[] = [
    { sysctl: 'user.max_user_namespaces', forbids: '0', admin: true, allow: '10000' },
    { sysctl: 'kernel.unprivileged_userns_clone', forbids: '0', admin: false, allow: '1' },
    // Ubuntu 23.10 and later: https://documentation.ubuntu.com/security/security-features/privilege-restriction/apparmor/
    { sysctl: 'kernel.apparmor_restrict_unprivileged_userns', forbids: '1', admin: false, allow: '0' },
  ];
  const found = checks.find(({ sysctl, forbids, admin }) => valueOf(sysctl) === forbids && (admin || !runner.isAdmin));
  if (!found) return null;
  const { sysctl, forbids, admin, allow } = found;
  const command = `sudo sysctl -w ${sysctl}=${allow}`;
  const onHost = `run \`${command}\` on the machine that runs the container`;
  const remedies: Partial<Record<RunnerKind, string>> = {
    machine: `run \`${command}\`; to keep the setting after a reboot, also run \`echo ${sysctl}=${allow} | sudo tee /etc/sysctl.d/60-failover-lab.conf\``,
    github: `add the step \`- run: ${command}\` before the lab`,
    // CAP_SYS_ADMIN of a rootless container counts in its own user namespace only.
    podman: onHost,
  };
  return { observed: `forbidden by the kernel setting ${sysctl} = ${forbids}`, remedy: remedies[runner.kind] ?? (admin ? onHost : remedyFor(runner, { admin: true })) };
}

function valueOf(sysctl: string): string | null {
  try {
    return readFileSync(`/proc/sys/${sysctl.replaceAll('.', '/')}`, 'utf8').trim();
  } catch {
    return null;
  }
}

/**
 * Replaces the bare "Operation not permitted" of a tool by the reason and the command that allows it. Also names a missing tool, and a kernel setting
 * that a scenario needs.
 */
export async function explainStartFailure(error: unknown): Promise<LabError> {
  const words = messageOf(error);
  const setting = new RegExp(`${kernelSettings}: ([^\\n]*?)\\.?$`, 'm').exec(words)?.[1];
  const missing = (await netnsRequirements()).filter(({ name, found, optional }) => !found && (!optional || (name === kernelSettings && setting !== undefined)));
  if (missing.length === 0) return error instanceof LabError ? error : new LabError('START_FAILED', words, { cause: error });
  const reasons = missing.map(({ name, observed, remedy }) => `${name}: ${observed}. To get it: ${remedy}.`);
  return new LabError('NOT_SUPPORTED', `${setting === undefined ? 'The netns driver cannot run on this machine' : `The scenario cannot run here: ${setting}`}. ${reasons.join(' ')}`, { cause: error });
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
