/**
 * Runs the lab inside containers, with the options that docs/ci.md shows, and holds the word of `lab doctor` against what a run does. The options of CI
 * services and of Kubernetes are translated into those of `docker run`.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { composeCommand } from '../lab/network/drivers/docker-engine.ts';
import { describeWith } from '../lab/testing/testing.ts';

const page = readFileSync('docs/ci.md', 'utf8').split('## In a container')[1] ?? '';
/** The first block of a language after a heading. */
const block = (heading: string, language: string): string => new RegExp(`### ${heading}\n[^]*?\`\`\`${language}\n([^]*?)\n\`\`\``).exec(page)?.[1] ?? '';
const words = (text: string): string[] => text.split(/\s+/).filter(Boolean);

const image = process.env['BASE_IMAGE'] ?? 'failover-lab-base:ci';
const project = resolve('.');
/** The arguments of docker and podman. The project is mounted where it is, so that its build is valid in the container. The engine of CI has no network for containers. */
const runOnce = ['run', '--rm', '--network', 'none', '--volume', `${project}:${project}`, '--workdir', project];

/** What a container has printed, and the exit status of `lab doctor` and of a run in it. */
interface Tried {
  doctor: number;
  run: number;
  output: string;
}

const doctorAndRun = 'bin/lab doctor; echo "doctor: $?"; bin/lab run all-down --driver netns --results /dev/shm/results; echo "run: $?"';

function triedIn(output: string): Tried {
  const status = (of: string): number => Number(new RegExp(`^.*${of}: (\\d+)$`, 'm').exec(output)?.[1] ?? NaN);
  return { doctor: status('doctor'), run: status('run'), output };
}

async function inContainer(options: readonly string[], script: string): Promise<string> {
  return (await execa('docker', [...runOnce, ...options, image, 'sh', '-c', script], { reject: false, all: true, stdin: 'ignore' })).all;
}

const tryIn = async (options: readonly string[]): Promise<Tried> => triedIn(await inContainer(options, doctorAndRun));

/** Expects that the lab runs, and that doctor says so, or neither. */
function expectBoth(tried: Tried, runs: boolean, title: string): void {
  const { doctor, run } = tried;
  const expected = runs ? { doctor: 0, run: 0 } : { doctor: 3, run: 3 };
  expect({ title, doctor, run, ...(doctor === expected.doctor && run === expected.run ? {} : { output: tried.output }) }).toEqual({ title, ...expected });
}

/** The rows of the table: the options, and what the page says of them. */
const rows = [...page.matchAll(/^\| (none|`.+`) \| ([✔✘]) \| ([✔✘]) \| ([✔✘]?) ?\|$/gm)].map(([, options = '', root = '', other = '', settings = '']) => ({
  title: options,
  options: options === 'none' ? [] : words(options.replaceAll('`', '')),
  root: root === '✔',
  other: other === '✔',
  settings: settings === '✔',
}));

/** What the fields of a pod are as options of `docker run`. */
const podOptions: readonly (readonly [RegExp, readonly string[]])[] = [
  [/runAsUser: 1000/, ['--user', '1000']],
  [/allowPrivilegeEscalation: false/, ['--security-opt', 'no-new-privileges']],
  [/capabilities: \{ drop: \[ALL\] \}/, ['--cap-drop', 'ALL']],
  [/capabilities: \{ add: \[SYS_ADMIN\] \}/, ['--cap-add', 'SYS_ADMIN']],
  [/procMount: Unmasked/, ['--security-opt', 'systempaths=unconfined']],
  [/seccompProfile: \{ type: Unconfined \}/, ['--security-opt', 'seccomp=unconfined']],
  [/appArmorProfile: \{ type: Unconfined \}/, ['--security-opt', 'apparmor=unconfined']],
];
const fromPod = (text: string): string[] => podOptions.flatMap(([field, options]) => (field.test(text) ? options : []));
/** `options: …` of a container job on GitHub. */
const fromGithub = (text: string): string[] => words(/^ *options: ([^`\n]+)/m.exec(text)?.[1] ?? '');
/** `security_opt = […]` of GitLab's docker executor. */
const fromGitlab = (text: string): string[] => [...(/security_opt = \[(.*?)\]/.exec(text)?.[1] ?? '').matchAll(/"([^"]+)"/g)].flatMap(([, option = '']) => ['--security-opt', option]);

describe('the part of docs/ci.md about containers', () => {
  test('has the rows and the files that are tested here', () => {
    expect(rows).toHaveLength(8);
    expect(fromGithub(block('GitHub: a container job', 'yaml'))).toContain('SYS_ADMIN');
    expect(fromGitlab(block('GitLab: the docker executor', 'toml'))).toContain('seccomp=unconfined');
    expect(fromPod(block('Kubernetes', 'yaml'))).toEqual(podOptions.filter(([, options]) => !options.includes('SYS_ADMIN')).flatMap(([, options]) => options));
    // One run is enough for both of GitLab's executors.
    expect(fromPod(block('Kubernetes', 'toml'))).toEqual(fromGitlab(block('GitLab: the docker executor', 'toml')));
  });

  test('docs/seccomp.json is a default profile with three calls more', () => {
    const { defaultAction, syscalls } = JSON.parse(readFileSync('docs/seccomp.json', 'utf8')) as { defaultAction: string; syscalls: { names: string[]; action: string; args?: unknown; includes?: object; excludes?: object }[] };
    expect(defaultAction).toBe('SCMP_ACT_ERRNO');
    const allowed = syscalls.flatMap(({ names, action, args, includes, excludes }) => (action === 'SCMP_ACT_ALLOW' && !args && !includes && !excludes ? names : []));
    // Some that the default profile gives only to a container with CAP_SYS_ADMIN.
    expect(['bpf', 'clone3', 'fsopen', 'mount', 'move_mount', 'setns', 'umount2', 'unshare'].filter((call) => allowed.includes(call))).toEqual(['mount', 'setns', 'unshare']);
  });
});

describeWith('docker', 'the lab in a container', () => {
  // Makes the build, which a container of another user could not write.
  beforeAll(async () => { await execa('bin/lab', ['list']); });

  test.each(rows.map((row) => [row.title, row] as const))('%s', async (_, { options, root, other, settings }) => {
    const [asRoot, asOther] = await Promise.all([tryIn(options), tryIn([...options, '--user', '1000'])]);
    expectBoth(asRoot, root, 'as root');
    expectBoth(asOther, other, 'as another user');
    expect({ settings: asOther.output.includes('✔ kernel settings'), output: settings ? undefined : asOther.output }).toMatchObject({ settings });
    // A failing run has the words of doctor.
    const remedy = /To get it: (add .*)/.exec(asRoot.output)?.[1] ?? 'none';
    if (!root) expect({ remedy, times: asRoot.output.split(remedy).length - 1 }).toEqual({ remedy, times: 2 });
  });

  test('what needs a kernel setting says so where there is none, and runs where it can be set', async () => {
    const least = ['--security-opt', 'seccomp=docs/seccomp.json', '--user', '1000'];
    const script = 'bin/lab run half-open --results /dev/shm/results; echo "run: $?"';
    const [without, withSettings] = await Promise.all([inContainer(least, script), inContainer([...least, '--security-opt', 'systempaths=unconfined'], script)]);
    expect(without).toContain('The scenario cannot run here: net.ipv4.tcp_retries2 = 2 cannot be set on the host of the client. kernel settings: /proc/sys cannot be written. To get it: add `--security-opt systempaths=unconfined` to `docker run`');
    expect(without).toMatch(/^run: 3$/m);
    expect(withSettings).toContain('✔ the client’s kernel has the limit of this scenario, tcp_retries2 = 2');
  });

  test('the doctor of each runner asks for what is enough', async () => {
    const runners = { github: 'GITHUB_ACTIONS=true', gitlab: 'GITLAB_CI=true', pod: 'KUBERNETES_SERVICE_HOST=10.0.0.1' };
    const output = await inContainer([], Object.entries(runners).map(([name, variable]) => `echo "== ${name}"; ${variable} bin/lab doctor | grep -A 1 "✘ namespaces"`).join('; '));
    const [, github = '', gitlab = '', pod = ''] = output.split(/^== .*$/m);
    const enough = ['--security-opt', 'seccomp=unconfined'];
    expect(rows.find(({ options }) => options.join(' ') === enough.join(' '))).toMatchObject({ root: true, other: true });
    expect({ github: fromGithub(github.replace('`', '\n')), gitlab: fromGitlab(gitlab), pod: fromPod(pod), output }).toEqual({ github: enough, gitlab: enough, pod: enough, output });
  });

  test.each([
    ['GitHub, a container job', fromGithub(block('GitHub: a container job', 'yaml'))],
    ['GitLab, the docker executor', fromGitlab(block('GitLab: the docker executor', 'toml'))],
    ['a pod', fromPod(block('Kubernetes', 'yaml'))],
  ])('%s, as `docker run`: %o', async (title, options) => {
    expectBoth(await tryIn(options), true, title);
  });

  test('GitLab, the docker executor: with SYS_ADMIN and a mount in the script, the kernel settings can be written', async () => {
    const [, mount = ''] = /^ *- (mount .*)$/m.exec(block('GitLab: the docker executor', 'yaml')) ?? [];
    const output = await inContainer([...fromGitlab(block('GitLab: the docker executor', 'toml')), '--cap-add', 'SYS_ADMIN'], `${mount}; bin/lab doctor`);
    expect(output).toContain('✔ kernel settings');
  });

  test('compose', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'compose-'));
    onTestFinished(() => { rmSync(folder, { recursive: true }); });
    const file = join(folder, 'compose.yaml');
    writeFileSync(file, block('Compose', 'yaml').replace('IMAGE', image));
    const [program = '', ...compose] = await composeCommand();
    const { all, exitCode } = await execa(program, [...compose, '--project-name', `containers-${process.pid}`, '--project-directory', project, '--file', file, 'run', '--rm', '-T', 'failover'], { reject: false, all: true, stdin: 'ignore', env: { PWD: project } });
    expect({ exitCode, ...(exitCode === 0 ? {} : { all }) }).toEqual({ exitCode: 0 });
    expect(all).toContain('PASS  all-down');
  });

  test('the command of the page', async () => {
    const command = /^(docker run .*)$/m.exec(page)?.[1] ?? '';
    const { all, exitCode } = await execa('sh', ['-c', command.replace('docker run', 'docker run --network none').replace('IMAGE', image)], { reject: false, all: true, stdin: 'ignore' });
    expect({ exitCode, ...(exitCode === 0 ? {} : { all }) }).toEqual({ exitCode: 0 });
  });

  test('a read-only root file system: one message that names the option, before anything runs', async () => {
    const output = await inContainer(['--read-only', '--security-opt', 'seccomp=docs/seccomp.json', '--user', '1000'], 'bin/lab run all-down --results /results; echo "run: $?"; bin/lab run all-down --results /dev/shm/results >/dev/null; echo "run: $?"');
    expect(output).toBe('lab: The results cannot be written to /results: EROFS: read-only file system, mkdir \'/results\'. Name another folder: --results DIR\nrun: 3\nrun: 0');
  });
});

describeWith(['docker', 'podman', 'ordinary-user'], 'rootless Podman', () => {
  test('runs the lab without any option, and writes kernel settings with one', async () => {
    const folder = mkdtempSync('/tmp/podman-');
    const user = { HOME: join(folder, 'home'), XDG_RUNTIME_DIR: join(folder, 'run'), PATH: process.env['PATH'] ?? '' };
    // Podman's own runtime, crun, starts no container at all where both versions of cgroups are mounted ("cgroups in hybrid mode not supported").
    const runtime = existsSync('/sys/fs/cgroup/unified') ? ['--runtime', 'runc'] : [];
    const podman = (...args: string[]) =>
      execa('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', 'podman', '--cgroup-manager=cgroupfs', '--log-level=fatal', ...runtime, ...args], { reject: false, all: true, stdin: 'ignore', cwd: folder, env: user, extendEnv: false });
    onTestFinished(async () => {
      // It ends the process that holds the user namespace of this user's containers.
      await podman('system', 'migrate');
      rmSync(folder, { recursive: true });
    });
    // A root file system in a folder, since podman has no images. The lab brings its own Node, and nothing reads the other folders that are left out.
    const unpack = 'set -e; cd "$1"; chmod 755 .; mkdir root home run; made=$(docker create --network none "$2" true); docker export "$made" | tar -x -C root --no-same-owner --exclude="dev/*" --exclude=lab --exclude=usr/local/bin/node --exclude=usr/share --exclude=var; docker rm "$made"; chown -R 65534:65534 root home run';
    await execa('sh', ['-c', unpack, 'sh', folder, image]);
    const run = async (script: string, ...options: string[]): Promise<string> =>
      (await podman(...runOnce, ...options, '--rootfs', join(folder, 'root'), 'sh', '-c', script)).all;
    const plain = triedIn(await run(doctorAndRun));
    expectBoth(plain, true, 'without any option');
    expect(plain.output).toMatch(/✘ kernel settings .*\n.*add `--security-opt unmask=ALL` to `podman run`/);
    expect(await run('bin/lab doctor', '--security-opt', 'unmask=ALL')).toContain('✔ kernel settings');
  });
});
