/** Where this process runs, as far as it decides what a lab may do: a plain machine, a container, or a job of a CI service in one of these. */
import { existsSync, readFileSync } from 'node:fs';

/** What starts the processes here. A container that leaves none of the marks below is a `machine`. */
export type RunnerKind = 'machine' | 'docker' | 'podman' | 'kubernetes' | 'github' | 'github-container' | 'gitlab-docker' | 'gitlab-kubernetes';

/** What holds this process back. */
export interface Runner {
  kind: RunnerKind;
  /** Whether a seccomp filter is in force (proc_pid_status(5), `Seccomp`). */
  hasSeccomp: boolean;
  /** The AppArmor profile that confines this process, for example `docker-default (enforce)`. Null if none does. */
  appArmor: string | null;
  /** Whether the process has CAP_SYS_ADMIN (capabilities(7)). */
  isAdmin: boolean;
}

/** The files that tell the runner. A file that is not there, or cannot be read, is null. */
export interface Files {
  exists(path: string): boolean;
  read(path: string): string | null;
}

const ofThisMachine: Files = {
  exists: existsSync,
  read: (path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return null;
    }
  },
};

/** CAP_SYS_ADMIN is bit 21 (capability.h). */
const adminBit = 21n;

/** Finds the runner by the marks that it leaves. */
export function findRunner(env: NodeJS.ProcessEnv = process.env, { exists, read }: Files = ofThisMachine): Runner {
  const profile = (read('/proc/self/attr/apparmor/current') ?? read('/proc/self/attr/current') ?? '').replaceAll('\0', '').trim();
  // Under SELinux the second file has a context, user:role:type:level.
  const isProfile = profile !== '' && !profile.startsWith('unconfined') && !/^\w+:\w+:/.test(profile);
  const status = read('/proc/self/status') ?? '';
  return {
    kind: kindOf(env, exists),
    hasSeccomp: /^Seccomp:\s*2$/m.test(status),
    appArmor: isProfile ? profile : null,
    isAdmin: ((BigInt(`0x${/^CapEff:\s*(\w+)$/m.exec(status)?.[1] ?? '0'}`) >> adminBit) & 1n) === 1n,
  };
}

/** docker and podman each leave a file in a container. The kubelet and the CI services set variables. */
function kindOf(env: NodeJS.ProcessEnv, exists: Files['exists']): RunnerKind {
  const isPod = Boolean(env['KUBERNETES_SERVICE_HOST']);
  const [isDocker, isPodman] = [exists('/.dockerenv'), exists('/run/.containerenv')];
  if (env['GITLAB_CI'] && (isPod || isDocker || isPodman)) return isPod ? 'gitlab-kubernetes' : 'gitlab-docker';
  // A self-hosted runner of GitHub may be a pod. Then the pod decides.
  if (isPod) return 'kubernetes';
  if (env['GITHUB_ACTIONS']) return isDocker || isPodman ? 'github-container' : 'github';
  if (isPodman) return 'podman';
  return isDocker ? 'docker' : 'machine';
}

/** What a container lets a lab do only if it is asked to. */
export interface Lack {
  /** The calls unshare(2), mount(2) and setns(2). */
  calls?: boolean;
  /** Root without CAP_SETFCAP may not map itself into a user namespace (user_namespaces(7)). */
  rootMap?: boolean;
  /** To write below /proc/sys/net. */
  settings?: boolean;
}

/** What to do so that a lab gets what it lacks, and no more, in the words of the runner. An instruction, as `Requirement.remedy`. */
export function remedyFor(runner: Runner, lack: Lack): string {
  const parts = partsOf(runner, lack);
  const seeDocs = '(docs/ci.md)';
  switch (runner.kind) {
    case 'machine':
    case 'github':
      return lack.settings ? 'run the lab where /proc/sys can be written' : `${runner.hasSeccomp ? 'allow unshare(2), mount(2) and setns(2) in what confines this process, or ' : ''}use the docker driver (\`driver=docker\`)`;
    case 'docker': {
      const options = parts.map(({ docker }) => `\`${docker}\``);
      return `add ${options.join(' ')} to \`docker run\`; in a compose file: ${composeLines(parts)} ${seeDocs}`;
    }
    case 'podman':
      return `add ${parts.map(({ docker }) => `\`${docker.replace('systempaths=unconfined', 'unmask=ALL')}\``).join(' ')} to \`podman run\` ${seeDocs}`;
    case 'github-container':
      return `give the job's container \`options: ${parts.map(({ docker }) => docker).join(' ')}\` ${seeDocs}`;
    case 'gitlab-docker': {
      // The runner gives these words to the engine's API, which does not know `systempaths=unconfined`.
      const remount = lack.settings ? ', and begin the script with `mount -o remount,rw /proc/sys`' : '';
      return `set ${gitlabLines(parts, lack)} below \`[runners.docker]\` in the config.toml of the runner${remount} ${seeDocs}`;
    }
    case 'kubernetes':
    case 'gitlab-kubernetes': {
      const user = lack.settings ? ' and `hostUsers: false` to the pod' : '';
      const where = runner.kind === 'kubernetes' ? 'the container' : 'the build container, by `[[runners.kubernetes.pod_spec]]` in the config.toml of the runner';
      return `give \`securityContext: { ${parts.map(({ pod }) => pod).join(', ')} }\` to ${where}${user} ${seeDocs}`;
    }
  }
}

interface Part {
  docker: string;
  pod: string;
}

function partsOf({ hasSeccomp, appArmor }: Runner, { calls = false, rootMap = false, settings = false }: Lack): Part[] {
  const security = (what: string): string => `--security-opt ${what}=unconfined`;
  return [
    // Without a filter and without a profile nobody knows what refuses the calls. Then the filter is named, which every engine has.
    ...(calls && (hasSeccomp || appArmor === null) ? [{ docker: security('seccomp'), pod: 'seccompProfile: { type: Unconfined }' }] : []),
    ...(appArmor !== null && (calls || settings) ? [{ docker: security('apparmor'), pod: 'appArmorProfile: { type: Unconfined }' }] : []),
    ...(settings ? [{ docker: security('systempaths'), pod: 'procMount: Unmasked' }] : []),
    ...(rootMap ? [{ docker: '--user 1000', pod: 'runAsUser: 1000' }] : []),
  ];
}

function composeLines(parts: readonly Part[]): string {
  const options = parts.flatMap(({ docker }) => (docker.startsWith('--security-opt ') ? [docker.replace('--security-opt ', '')] : []));
  return [...(options.length > 0 ? [`\`security_opt: [${options.join(', ')}]\``] : []), ...(options.length < parts.length ? ['`user: "1000"`'] : [])].join(' and ');
}

function gitlabLines(parts: readonly Part[], { settings = false, rootMap = false }: Lack): string {
  const options = parts.flatMap(({ docker }) => (docker.startsWith('--security-opt ') && !docker.includes('systempaths') ? [`"${docker.replace('--security-opt ', '')}"`] : []));
  const capabilities = [...(settings ? ['"SYS_ADMIN"'] : []), ...(rootMap ? ['"SETFCAP"'] : [])];
  return [...(options.length > 0 ? [`\`security_opt = [${options.join(', ')}]\``] : []), ...(capabilities.length > 0 ? [`\`cap_add = [${capabilities.join(', ')}]\``] : [])].join(' and ');
}
