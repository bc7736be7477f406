/** What runs is what the sources say, whoever has edited them and whenever. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { localRuntime } from '../network/programs.ts';

/** A copy of the project with the packages of this one, except some. Its builds are its own. */
function copyOfProject(without: readonly string[] = []): string {
  const root = mkdtempSync(join(tmpdir(), 'build-'));
  onTestFinished(() => { rmSync(root, { recursive: true }); });
  for (const name of ['bin', 'lab', 'services', 'client', 'scenarios', 'package.json', 'package-lock.json']) cpSync(join(localRuntime.root, name), join(root, name), { recursive: true });
  mkdirSync(join(root, 'node_modules'));
  for (const name of readdirSync(join(localRuntime.root, 'node_modules'))) {
    if (name !== '.cache' && !without.includes(name)) symlinkSync(join(localRuntime.root, 'node_modules', name), join(root, 'node_modules', name));
  }
  return root;
}

const run = (file: string, ...argv: string[]): Promise<{ status: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const child = execFile(file, argv, (_, stdout, stderr) => { resolve({ status: child.exitCode ?? -1, stdout, stderr }); });
  });
const list = async (root: string): Promise<string> => {
  const { status, stdout, stderr } = await run(join(root, 'bin/lab'), 'list');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
};
const buildsIn = (root: string): string[] => readdirSync(join(root, 'node_modules/.cache/build')).filter((name) => name !== 'current');

test('an edited source is what runs next, also if its size and its time are as before; without an edit nothing is built', { timeout: 120_000 }, async () => {
  const root = copyOfProject();
  const file = join(root, 'scenarios/baseline.ts');
  expect(await list(root)).toContain('nothing is broken');
  expect(buildsIn(root)).toHaveLength(1);
  await list(root);
  expect(buildsIn(root)).toHaveLength(1);
  const { atime, mtime } = statSync(file);
  writeFileSync(file, readFileSync(file, 'utf8').replace('nothing is broken', 'nothing is bruken'));
  utimesSync(file, atime, mtime);
  expect(await list(root)).toContain('nothing is bruken');
  expect(buildsIn(root)).toHaveLength(2);
  // A file that is gone, or has another name, is a change too.
  renameSync(file, `${file}.old`);
  expect((await run(join(root, 'bin/lab'), 'list')).stderr).toContain('baseline.ts');
  renameSync(`${file}.old`, file);
  expect(await list(root)).toContain('nothing is bruken');
  // The whole project has another place: what was built for the old one does not run.
  renameSync(root, `${root}-moved`);
  expect(await list(`${root}-moved`)).toContain('nothing is bruken');
  expect(readFileSync(join(`${root}-moved`, 'node_modules/.cache/build/current'), 'utf8')).toContain('-moved\n');
  renameSync(`${root}-moved`, root);
  // Another program of the same build.
  writeFileSync(join(root, 'services/dns/main.ts'), "console.log('edited');");
  await list(root);
  const newest = buildsIn(root).map((name) => join(root, 'node_modules/.cache/build', name)).sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs)[0];
  expect((await run(localRuntime.node, `${newest}/services/dns/main.cjs`)).stdout).toBe('edited\n');
});

test('several processes that build at the same time end with one build', { timeout: 120_000 }, async () => {
  const root = copyOfProject();
  const outputs = await Promise.all([list(root), list(root), list(root), list(root)]);
  expect(new Set(outputs).size).toBe(1);
  expect(buildsIn(root)).toHaveLength(1);
});

test('a build that is there runs, also where nothing can be written beside it', { timeout: 120_000 }, async () => {
  const root = copyOfProject();
  await list(root);
  const builds = join(root, 'node_modules/.cache/build');
  // Root may write in any folder, so the place of the file is taken by a folder.
  rmSync(join(builds, 'current'));
  mkdirSync(join(builds, 'current/taken'), { recursive: true });
  const [build = ''] = buildsIn(root);
  const file = join(root, 'print-build.ts');
  writeFileSync(file, `import { buildOf } from '${root}/lab/build/build.ts'; console.log(buildOf('${root}'));`);
  expect((await run(localRuntime.node, file)).stdout).toBe(`${join(builds, build)}\n`);
});

test('where no build can be made, the sources run', { timeout: 120_000 }, async () => {
  const root = copyOfProject(['esbuild']);
  expect(await list(root)).toContain('nothing is broken');
  expect(existsSync(join(root, 'node_modules/.cache/build'))).toBe(false);
});

test('without the packages of the docker driver, which `make scenario` does not install, only that driver cannot run', { timeout: 120_000 }, async () => {
  const root = copyOfProject(['dockerode', 'fastify']);
  const { status, stdout, stderr } = await run(join(root, 'bin/lab'), 'doctor');
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^docker: cannot run\n {2}✘ npm packages {2}not installed\n.*make install/m);
  expect(status).toBe(stdout.includes('netns: can run') ? 0 : 3);
});

test('the stack of an error in a built program names the source', async () => {
  expect(localRuntime.build).not.toBeNull();
  const { status, stderr } = await run(localRuntime.node, `${localRuntime.build ?? ''}/services/dns/main.cjs`, '{"listen":[],"port":53,"domain":"lab.test","seed":"1","records":[5]}');
  expect(status).toBe(1);
  const line = Number(/services\/dns\/zone\.ts:(\d+):/.exec(stderr)?.[1]);
  expect(readFileSync(join(localRuntime.root, 'services/dns/zone.ts'), 'utf8').split('\n')[line - 1]).toContain('toLowerCase()');
});
