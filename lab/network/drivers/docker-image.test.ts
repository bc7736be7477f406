/** The tag of the image. docker.test.ts shows on an engine that the image holds exactly these files, and that another tag is another image. */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { profiles } from '../../../client/external/index.ts';
import type { Profile } from '../../../client/external/profile.ts';
import { copyProject, type ProjectCopy } from '../../testing/project-copy.ts';
import { localRuntime } from '../programs.ts';
import { copiedFiles, imageTag } from './docker-image.ts';

type Change = (copy: ProjectCopy) => void;

const append = (file: string): Change => ({ edit }) => { edit(file, (text) => `${text}\n`); };
const create = (file: string): Change => ({ root }) => {
  mkdirSync(join(root, file, '..'), { recursive: true });
  writeFileSync(join(root, file), 'new');
};

test('two clones with the same files have the same tag', async () => {
  expect(await imageTag(copyProject().root, '')).toBe(await imageTag(localRuntime.root, ''));
});

test('each change of what the image is made of gives another tag', async () => {
  const changes: [what: string, change: Change][] = [
    ['a client’s program in JavaScript', append('client/external/programs/node_http.mjs')],
    ['a module in Python', append('client/external/programs/lab_protocol.py')],
    ['a program in Go', append('client/external/programs/go/main.go')],
    ['package.json', append('package.json')],
    ['package-lock.json', append('package-lock.json')],
    ['the entrypoint', append('services/entrypoint.sh')],
    ['a source of the lab', append('lab/vocabulary/topology.ts')],
    ['the Dockerfile', append('Dockerfile')],
    ['the compose file, which names the base image', append('compose.yaml')],
    ['a new file', create('services/new/data.bin')],
    ['a new file whose name begins with a dot', create('client/.new')],
    ['the name of a file', ({ root }) => { renameSync(join(root, 'services/libc.ts'), join(root, 'services/libd.ts')); }],
    ['the mode of a file', ({ root }) => { chmodSync(join(root, 'services/entrypoint.sh'), 0o600); }],
    ['a file that is gone', ({ root }) => { rmSync(join(root, 'client/external/programs/perl_lwp.pl')); }],
    ['a link in place of a file', ({ root }) => { rmSync(join(root, 'client/print.ts')); symlinkSync('trace.ts', join(root, 'client/print.ts')); }],
    ['the target of a link', ({ root }) => { rmSync(join(root, 'client/print.ts')); symlinkSync('.', join(root, 'client/print.ts')); }],
    ['a test that .dockerignore excludes no longer', ({ edit }) => { edit('.dockerignore', (text) => text.replace('**/*.test.ts\n', '')); }],
    ['a folder that the Dockerfile copies now', (copy) => {
      create('docs/new.md')(copy);
      copy.edit('.dockerignore', (text) => `${text}!docs\n`);
      copy.edit('Dockerfile', (text) => text.replace('COPY client client\n', 'COPY client client\nCOPY docs docs\n'));
    }],
    ['a file in that folder', append('docs/new.md')],
  ];
  const copy = copyProject();
  const tags = [await imageTag(copy.root, '')];
  const unseen: string[] = [];
  for (const [what, change] of changes) {
    change(copy);
    const tag = await imageTag(copy.root, '');
    if (tags.includes(tag)) unseen.push(what);
    tags.push(tag);
  }
  expect(unseen).toEqual([]);
});

test('a change of what is not in the image gives the same tag', async () => {
  const changes: [what: string, change: Change][] = [
    ['a test', append('services/dns/main.test.ts')],
    ['a new test', create('client/new/new.test.ts')],
    ['a document', create('README.md')],
    ['the bytecode that Python leaves beside a module', create('client/external/programs/__pycache__/lab_protocol.cpython-311.pyc')],
    ['the time of a file', ({ root }) => { utimesSync(join(root, 'package.json'), 0, 0); }],
  ];
  const copy = copyProject();
  const before = await imageTag(copy.root, '');
  const seen: string[] = [];
  for (const [what, change] of changes) {
    change(copy);
    if ((await imageTag(copy.root, '')) !== before) seen.push(what);
  }
  expect(seen).toEqual([]);
});

test('another base image gives another tag', async () => {
  const tags = await Promise.all(['', 'sha256:1', 'sha256:2'].map((base) => imageTag(localRuntime.root, base)));
  expect(new Set(tags).size).toBe(3);
});

test('other packages in the image give another tag, in whatever order they are named', async () => {
  const tagWith = async (words?: string) => {
    vi.stubEnv('WITH', words);
    return await imageTag(localRuntime.root, '');
  };
  onTestFinished(() => { vi.unstubAllEnvs(); });
  const [none, empty, one, two, turned] = [await tagWith(), await tagWith(''), await tagWith('wget'), await tagWith('wget,nginx'), await tagWith(' nginx  wget ')];
  expect([empty, two]).toEqual([none, turned]);
  expect(new Set([none, one, two]).size).toBe(3);
});

test('`clients` in the Dockerfile stands for the packages of all named clients', () => {
  const listed = /^ *clients\) set -- "\$@" (.*) ;; \\$/m.exec(readFileSync('Dockerfile', 'utf8'))?.[1]?.split(' ') ?? [];
  // reqwest takes minutes to build, and this release of Debian has one JDK.
  const others = Object.entries(profiles as Record<string, Profile>).filter(([name]) => !['rust-reqwest', 'java-newest'].includes(name));
  const wanted = others.flatMap(([, { install }]) => ('packages' in install ? install.packages.split(' ') : []));
  // Every image has curl. The interpreter comes with its libraries.
  expect(new Set([...listed, 'curl', 'python3', 'perl'])).toEqual(new Set(wanted));
});

test('.dockerignore: the last pattern that matches a file or its folder decides', async () => {
  const { root } = copyProject();
  writeFileSync(join(root, 'Dockerfile'), 'FROM x\nCOPY package.json services ./\nCOPY lab lab\n');
  writeFileSync(join(root, '.dockerignore'), ['# comment', '', '*', '!services', 'services/dns', '!services/dns/z*.ts', '**/ma?n.ts', '**/*.test.ts', 'services/**/d*.ts'].join('\n'));
  const files = await copiedFiles(root);
  expect(files).toEqual([...files].sort());
  for (const file of ['services/entrypoint.sh', 'services/dns/zone.ts', 'services/link/port.ts']) expect(files).toContain(file);
  expect(files.filter((file) => /^(package|lab|client)|\/main\.ts$|^services\/dns\/[^z]|\/deaf\.ts$|test/.test(file))).toEqual([]);
});
