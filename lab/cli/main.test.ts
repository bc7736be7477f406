/** The command line as a process: which files it loads, and its exit status. */
import { expect, test } from 'vitest';
import { localRuntime } from '../network/programs.ts';
import { describeWith, localProcess } from '../testing/testing.ts';

/** A module that writes the loaded files of the project to stderr when the process ends. */
const printLoaded = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module';
const loaded = new Set();
registerHooks({ load: (url, context, next) => { loaded.add(url); return next(url, context); } });
process.on('exit', () => { for (const url of loaded) if (!url.includes('node_modules')) process.stderr.write(url + '\\n'); });
`)}`;

interface Ended { code: number | null; stdout: string; stderr: string }

const lab = (...words: string[]): Promise<Ended> => labWith(printLoaded, ...words);

/** Runs `lab` after another module. */
async function labWith(module: string, ...words: string[]): Promise<Ended> {
  const { node, root } = localRuntime;
  const started = localProcess([node, '--import', module, `${root}/lab/cli/main.ts`, ...words]);
  const lines: string[] = [];
  started.onLine((line) => lines.push(line));
  const { code, stderr } = await started.exited;
  return { code, stdout: lines.join('\n'), stderr };
}

test('a command loads only the files that it needs: `lab list` loads no fault, and `lab fault` loads no scenario', async () => {
  const list = await lab('list');
  expect(list.stdout).toContain('all-down');
  expect(list.stderr).toContain('/scenarios/all-down.ts');
  expect(list.stderr).not.toContain('/lab/faults/');
  const fault = await lab('fault', '--help');
  expect(fault.stdout).toContain('blackhole');
  expect(fault.stderr).toContain('/lab/faults/blackhole.ts');
  expect(fault.stderr).not.toContain('/scenarios/');
});

test.each([
  [['help', 'kill'], 0, 'Usage: lab kill'],
  [['kill', '--help'], 0, 'Usage: lab kill'],
  [['--help'], 0, 'A lab by hand:'],
])('lab %j ends with exit status %i', async (words, code, text) => {
  const ended = await lab(...words);
  expect(ended).toMatchObject({ code, stdout: expect.stringContaining(text) as string });
});

test('lab explain tells what a scenario asks and why it comes out so, and what a fault does; a name that both have, both', async () => {
  const { stdout } = await lab('explain', 'half-open');
  const order = ['half-open · a kept-alive connection goes silent', 'predict New connections', 'why     The request is lost', 'sources tcp(7)', 'bin/lab run half-open', 'half-open · a fault on: backend', 'direction: ', 'bin/lab fault half-open backend-1'];
  const places = order.map((text) => stdout.indexOf(text));
  expect(places.every((place, index) => place > (places[index - 1] ?? -1))).toBe(true);
  expect((await lab('explain', 'closed-post')).stdout).toMatch(/^closed-post · .*\n[^]*RFC 9110 section 9\.2\.2/);
  expect((await lab('explain', 'dns-rcode')).stdout).toMatch(/^dns-rcode · a fault on: dns\n/);
});

test.each([
  [['explain', 'recovry'], /Did you mean `recovery`\?\n/],
  [['explain', 'blackhoel'], /Did you mean `blackhole`\?\n/],
  [['run', 'recovry'], /^ {2}closed-post .*\n[^]*\n\nDid you mean `recovery`\?\n/m],
  [['run', 'baseline', '--client', 'curll'], /Did you mean `curl`\?\n/],
  [['run', 'baseline', '--set', 'famly=6'], /It has: .*\. Did you mean `family`\?\n/],
  [['run', 'baseline', '--expect', 'recovry<2s'], /Did you mean `recoveryMs`\?\n/],
  [['run', 'baseline', '--sed', '7'], /Did you mean one of --seed, --set\?/],
  [['blackhoel', 'backend-1'], /unknown command 'blackhoel'\. Did you mean `blackhole`\?\n/],
  [['explan', 'recovery'], /unknown command 'explan'\. Did you mean `explain`\?\n/],
  [['fault', 'blackhoel', 'backend-1'], /\(Did you mean blackhole\?\)\n/],
  [['blackhole', 'backend-1', '--famly', '6'], /\(Did you mean --family\?\)\n/],
])('lab %j is refused, and the message names what was meant', async (words, message) => {
  expect(await lab(...words)).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(message) as string });
});

describeWith('netns', 'lab run', () => {
  test('asks for a prediction before the story, and says at the end where the explanation is', async () => {
    const { code, stdout } = await lab('run', 'baseline');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^baseline · .*\n.*\npredict: The client gets three answers\. [^]*\n +ms +fault client[^]*\nPASS {2}baseline [^]*\n +why: bin\/lab explain baseline$/);
  });
});

test('an unknown command is an error, with exit status 3', async () => {
  const { code, stderr } = await lab('nonsense');
  expect(code).toBe(3);
  expect(stderr).toContain("unknown command 'nonsense'");
});

test.each([
  [['run', 'baseline', '--set', 'timeoutMs=99999999999'], 'lab: Expected `timeoutMs` of the client to be a whole number from 1 to 2147483647, got `99999999999`.'],
  [['run', 'baseline', '--seed', 'x'], 'lab: Expected `--seed` to be a whole number, 0 or more, got `x`.'],
  [['up', '--seed', 'x'], 'lab: Expected `--seed` to be a whole number, 0 or more, got `x`.'],
  [['run', 'baseline', '--backends', '0'], 'lab: Expected `--backends` to be a whole number from 1 to 24, got `0`.'],
  [['run', 'baseline', '--backends', 'five'], 'lab: Expected `--backends` to be a whole number from 1 to 24, got `five`.'],
  [['up', '--backends', '25'], 'lab: Expected `--backends` to be a whole number from 1 to 24, got `25`.'],
  [['run', 'rolling-restart', '--backends', '5'], 'lab: The scenario rolling-restart is about 3 backends, so --backends cannot be 5.'],
  [['run', 'baseline', '--set', 'backends=5'], 'lab: `backends` is not an option of the client. The lab takes it: --backends 5.'],
  [['run', 'baseline', '--backends', '7', '--expect', 'perBackend.backend-8>0'], 'lab: --expect: `perBackend` has no field `backend-8`. Known: backend-1, backend-2, backend-3, backend-4, backend-5, backend-6, backend-7.'],
  [['run', 'baseline', '--resolv-conf', 'serach a.test'], 'lab: --resolv-conf: expected a line of resolv.conf(5), which begins with nameserver, search, domain, sortlist, options, got `serach a.test`.'],
  [['up', '--resolv-conf', 'options ndot:5'], 'lab: --resolv-conf: unknown option `ndot:5` in `options ndot:5`. The options are: ndots:N,'],
  [['explain-skew', '--client', '172.18.1.9/33', '--answers', '172.18.1.10'], 'lab: Expected the prefix length of `--client` to be a whole number from 1 to 32 for IPv4, got `33` in `172.18.1.9/33`.'],
  [['explain-skew', '--client', '172.18.0.0/16', '--answers', '172.18.1.10'], 'lab: Expected `--client` to be the address of a host, got `172.18.0.0/16`, the network address of its prefix.'],
  [['explain-skew', '--client', '172.18.1.9/16', '--answers', '2001:db8::1'], 'lab: Expected `--client` and `--answers` to have one family in common.'],
  [['explain-skew', '--answers', '172.18.1.10'], 'lab: Expected one `--client ADDRESS/PREFIX` or more'],
  [['explain-skew', '--client', '172.18.1.9/16', '--answers', '172.18.1.10', '--returned', '2'], 'lab: Expected `--returned` to be no more than the addresses that an answer can hold, got 2.'],
  [['skew', '--cause', 'rule-8'], 'lab: Unknown cause of skew `rule-8`.'],
  [['skew', '--resolver', 'glibc'], 'lab: Unknown resolver `glibc`.'],
  [['skew', '--requests', '0'], 'lab: Expected `--requests` to be a whole number from 1 to 10000, got `0`.'],
  [['soak', '--n', '99999999999'], 'lab: Expected `--n` to be a whole number from 1 to 10000, got `99999999999`.'],
])('lab %j is refused before anything starts', async (words, message) => {
  expect(await lab(...words)).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining(message) as string });
});

test('an error that nobody handles ends with exit status 3, because 1 means that a check failed', async () => {
  const { code, stderr } = await labWith("data:text/javascript,process.once('beforeExit', () => Promise.reject(new Error('a bug')))", 'list');
  expect(stderr).toMatch(/^lab: unexpected: Error: a bug\n/);
  expect(code).toBe(3);
});
