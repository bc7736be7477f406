import { describe, expect, test } from 'vitest';
import { findRunner, remedyFor, type Files, type Runner } from './runner.ts';

/** The files of a machine that has these ones and no others. */
const files = (contents: Readonly<Record<string, string>>): Files => ({ exists: (path) => path in contents, read: (path) => contents[path] ?? null });
const [inDocker, inPodman, inPod] = [{ '/.dockerenv': '' }, { '/run/.containerenv': 'engine="podman-4.3.1"' }, { KUBERNETES_SERVICE_HOST: '10.0.0.1' }];

describe('the runner', () => {
  test.each([
    ['machine', {}, {}],
    ['docker', {}, inDocker],
    ['podman', {}, inPodman],
    ['kubernetes', inPod, {}],
    ['github', { GITHUB_ACTIONS: 'true' }, {}],
    ['github-container', { GITHUB_ACTIONS: 'true' }, inDocker],
    ['kubernetes', { GITHUB_ACTIONS: 'true', ...inPod }, {}],
    ['machine', { GITLAB_CI: 'true' }, {}],
    ['gitlab-docker', { GITLAB_CI: 'true' }, inDocker],
    ['gitlab-kubernetes', { GITLAB_CI: 'true', ...inPod }, {}],
  ])('is %s with %o and %o', (kind, env, marks) => {
    expect(findRunner(env as NodeJS.ProcessEnv, files(marks)).kind).toBe(kind);
  });

  test.each([
    ['docker-default (enforce)\n', 'docker-default (enforce)'],
    ['unconfined\n', null],
    // SELinux has the same file.
    ['system_u:system_r:container_t:s0:c1,c2\0', null],
  ])('with %j in attr/current has the AppArmor profile %j', (text, appArmor) => {
    expect(findRunner({}, files({ '/proc/self/attr/current': text })).appArmor).toBe(appArmor);
  });

  test('is held back by seccomp, and has CAP_SYS_ADMIN or not, as its status says', () => {
    const status = (seccomp: number, capabilities: string): Runner => findRunner({}, files({ '/proc/self/status': `Name:\tnode\nCapEff:\t${capabilities}\nSeccomp:\t${seccomp}\nSeccomp_filters:\t1\n` }));
    expect(status(2, '00000000a80425fb')).toMatchObject({ hasSeccomp: true, isAdmin: false });
    expect(status(0, '000001ffffffffff')).toMatchObject({ hasSeccomp: false, isAdmin: true });
    expect(status(2, '00000000a82425fb')).toMatchObject({ hasSeccomp: true, isAdmin: true });
  });
});

describe('the remedy, in the words of the runner', () => {
  const runner = (kind: Runner['kind'], appArmor: string | null = null): Runner => ({ kind, hasSeccomp: true, appArmor, isAdmin: false });

  test.each([
    ['docker', 'add `--security-opt seccomp=unconfined` to `docker run`; in a compose file: `security_opt: [seccomp=unconfined]` (docs/ci.md)'],
    ['podman', 'add `--security-opt seccomp=unconfined` to `podman run` (docs/ci.md)'],
    ['github-container', "give the job's container `options: --security-opt seccomp=unconfined` (docs/ci.md)"],
    ['gitlab-docker', 'set `security_opt = ["seccomp=unconfined"]` below `[runners.docker]` in the config.toml of the runner (docs/ci.md)'],
    ['kubernetes', 'give `securityContext: { seccompProfile: { type: Unconfined } }` to the container (docs/ci.md)'],
    ['gitlab-kubernetes', 'give `securityContext: { seccompProfile: { type: Unconfined } }` to the build container, by `[[runners.kubernetes.pod_spec]]` in the config.toml of the runner (docs/ci.md)'],
  ] as const)('%s, where seccomp refuses the calls', (kind, words) => {
    expect(remedyFor(runner(kind), { calls: true })).toBe(words);
  });

  test('AppArmor is named where it confines the process, and seccomp only where it filters', () => {
    const armored = runner('docker', 'docker-default (enforce)');
    expect(remedyFor(armored, { calls: true })).toContain('add `--security-opt seccomp=unconfined --security-opt apparmor=unconfined` to `docker run`');
    expect(remedyFor({ ...armored, hasSeccomp: false }, { calls: true })).toContain('add `--security-opt apparmor=unconfined` to `docker run`');
    expect(remedyFor(armored, { settings: true })).toContain('add `--security-opt apparmor=unconfined --security-opt systempaths=unconfined` to `docker run`');
  });

  test.each([
    ['docker', 'add `--security-opt systempaths=unconfined` to `docker run`; in a compose file: `security_opt: [systempaths=unconfined]` (docs/ci.md)'],
    ['podman', 'add `--security-opt unmask=ALL` to `podman run` (docs/ci.md)'],
    ['gitlab-docker', 'set `cap_add = ["SYS_ADMIN"]` below `[runners.docker]` in the config.toml of the runner, and begin the script with `mount -o remount,rw /proc/sys` (docs/ci.md)'],
    ['kubernetes', 'give `securityContext: { procMount: Unmasked }` to the container, and `hostUsers: false` to the pod (docs/ci.md)'],
  ] as const)('%s, where /proc/sys is read-only', (kind, words) => {
    expect(remedyFor(runner(kind), { settings: true })).toBe(words);
  });

  test.each([
    ['docker', 'add `--user 1000` to `docker run`; in a compose file: `user: "1000"` (docs/ci.md)'],
    ['gitlab-docker', 'set `cap_add = ["SETFCAP"]` below `[runners.docker]` in the config.toml of the runner (docs/ci.md)'],
    ['kubernetes', 'give `securityContext: { runAsUser: 1000 }` to the container (docs/ci.md)'],
  ] as const)('%s, where root has no CAP_SETFCAP', (kind, words) => {
    expect(remedyFor(runner(kind), { rootMap: true })).toBe(words);
  });

  test.each([
    ['github-container', "give the job's container `options: --security-opt apparmor=unconfined --cap-add SYS_ADMIN` (docs/ci.md)"],
    ['kubernetes', 'give `securityContext: { appArmorProfile: { type: Unconfined }, capabilities: { add: [SYS_ADMIN] } }` to the container (docs/ci.md)'],
  ] as const)('%s, where the kernel lets only an administrator make user namespaces', (kind, words) => {
    expect(remedyFor(runner(kind, 'docker-default (enforce)'), { admin: true })).toBe(words);
  });

  test('a plain machine has the docker driver', () => {
    expect(remedyFor({ ...runner('machine'), hasSeccomp: false }, { calls: true })).toBe('use the docker driver (`driver=docker`)');
  });
});
