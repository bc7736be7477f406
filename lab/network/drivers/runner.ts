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
  /** To make user namespaces where the kernel lets only an administrator do so. */
  admin?: boolean;
  /** Root without CAP_SETFCAP may not map itself into a user namespace (user_namespaces(7)). */
  rootMap?: boolean;
  /** To write below /proc/sys/net. */
  settings?: boolean;
}

/** What to do so that a lab gets what it lacks, and no more, in the words of the runner. An instruction, as `Requirement.remedy`. */
export function remedyFor(runner: Runner, lack: Lack): string {
  const change = changeFor(runner, lack);
  const seeDocs = '(docs/ci.md)';
  switch (runner.kind) {
    case 'machine':
    case 'github':
      return lack.settings ? 'run the lab where /proc/sys can be written' : `${runner.hasSeccomp ? 'allow unshare(2), mount(2) and setns(2) in what confines this process, or ' : ''}use the docker driver (\`driver=docker\`)`;
    case 'docker':
      return `add \`${dockerOptions(change)}\` to \`docker run\`; in a compose file: ${composeLines(change)} ${seeDocs}`;
    case 'podman':
      return `add \`${dockerOptions(change).replace('systempaths=unconfined', 'unmask=ALL')}\` to \`podman run\` ${seeDocs}`;
    case 'github-container':
      return `give the job's container \`options: ${dockerOptions(change)}\` ${seeDocs}`;
    case 'gitlab-docker':
      return `set ${gitlabLines(change)} below \`[runners.docker]\` in the config.toml of the runner${lack.settings ? ', and begin the script with `mount -o remount,rw /proc/sys`' : ''} ${seeDocs}`;
    case 'kubernetes':
    case 'gitlab-kubernetes': {
      const where = runner.kind === 'kubernetes' ? 'the container' : 'the build container, by `[[runners.kubernetes.pod_spec]]` in the config.toml of the runner';
      return `give \`securityContext: { ${podFields(change)} }\` to ${where}${lack.settings ? ', and `hostUsers: false` to the pod' : ''} ${seeDocs}`;
    }
  }
}

/** What changes in the configuration of a container. */
interface Change {
  /** As `docker run --security-opt` takes them. */
  security: string[];
  capabilities: string[];
  user: number | null;
}

function changeFor({ kind, hasSeccomp, appArmor }: Runner, { calls = false, admin = false, rootMap = false, settings = false }: Lack): Change {
  // The runner of GitLab gives its words to the engine's API, which does not know `systempaths=unconfined`. An administrator can mount /proc/sys again.
  const remounts = settings && kind === 'gitlab-docker';
  return {
    security: [
      // Without a filter and without a profile nobody knows what refuses the calls. Then the filter is named, which every engine has.
      ...(calls && (hasSeccomp || appArmor === null) ? ['seccomp=unconfined'] : []),
      ...(appArmor !== null && !rootMap ? ['apparmor=unconfined'] : []),
      ...(settings && !remounts ? ['systempaths=unconfined'] : []),
    ],
    // The default filters of the engines let this capability make the calls.
    capabilities: [...(admin || remounts ? ['SYS_ADMIN'] : []), ...(rootMap && kind === 'gitlab-docker' ? ['SETFCAP'] : [])],
    user: rootMap && kind !== 'gitlab-docker' ? 1000 : null,
  };
}

function dockerOptions({ security, capabilities, user }: Change): string {
  return [...security.map((each) => `--security-opt ${each}`), ...capabilities.map((each) => `--cap-add ${each}`), ...(user === null ? [] : [`--user ${user}`])].join(' ');
}

function composeLines({ security, capabilities, user }: Change): string {
  return [...(security.length > 0 ? [`\`security_opt: [${security.join(', ')}]\``] : []), ...(capabilities.length > 0 ? [`\`cap_add: [${capabilities.join(', ')}]\``] : []), ...(user === null ? [] : [`\`user: "${user}"\``])].join(' and ');
}

function gitlabLines({ security, capabilities }: Change): string {
  const list = (words: readonly string[]): string => `[${words.map((word) => `"${word}"`).join(', ')}]`;
  return [...(security.length > 0 ? [`\`security_opt = ${list(security)}\``] : []), ...(capabilities.length > 0 ? [`\`cap_add = ${list(capabilities)}\``] : [])].join(' and ');
}

const podWords: Readonly<Record<string, string>> = {
  'seccomp=unconfined': 'seccompProfile: { type: Unconfined }',
  'apparmor=unconfined': 'appArmorProfile: { type: Unconfined }',
  'systempaths=unconfined': 'procMount: Unmasked',
};

function podFields({ security, capabilities, user }: Change): string {
  return [...security.map((each) => podWords[each] ?? each), ...(capabilities.length > 0 ? [`capabilities: { add: [${capabilities.join(', ')}] }`] : []), ...(user === null ? [] : [`runAsUser: ${user}`])].join(', ');
}
