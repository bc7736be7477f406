/** The messages for failures of an engine and of compose. docker.test.ts lets an engine and compose fail. */
import { expect, test } from 'vitest';
import { explainDockerFailure } from './docker-requirements.ts';

/** The error of execa for compose. `all` has the lines of stdout and stderr. */
const composeError = (shortMessage: string, lines: string[]): Error => Object.assign(new Error(shortMessage), { shortMessage, all: lines.join('\n') });

test.each([
  ['connect ENOENT /var/run/docker.sock', 'No docker engine answers'],
  ['connect ECONNREFUSED 192.0.2.7:2375', 'No docker engine answers'],
  ['getaddrinfo ENOTFOUND engine.test', 'No docker engine answers'],
  ['connect EACCES /var/run/docker.sock', 'This user may not use the docker engine'],
  ['(HTTP code 500) server error - no space left on device', 'The docker engine could not start the lab: (HTTP code 500) server error - no space left on device'],
])('a failure of the engine becomes one clear message: %s', (words, message) => {
  const { message: told } = explainDockerFailure(new Error(words));
  expect(told).toContain(message);
  expect(told).toContain(words);
});

test.each([
  ['could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network', 'START_FAILED', 'no IPv4 network left'],
  ['Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host', 'START_FAILED', 'could not be fetched'],
  ["  Temporary failure resolving 'deb.debian.org'", 'START_FAILED', 'could not be fetched'],
  ['npm error request to https://registry.npmjs.org/valibot failed, reason: getaddrinfo EAI_AGAIN registry.npmjs.org', 'START_FAILED', 'could not be fetched'],
])('a failure of compose that is known becomes one clear message, with the line that it is known by: %s', (line, code, message) => {
  const { code: told, message: text } = explainDockerFailure(composeError('Command failed with exit code 1: docker compose up', ['before', line, 'The command returned a non-zero code: 1', "Service 'dns' failed to build : Build failed"]));
  expect({ told, text }).toEqual({ told: code, text: expect.stringContaining(message) as string });
  expect(text).toMatch(new RegExp(`\\(${line.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\)$`));
});

// Recorded on engine 20.10 with a base image that has no npm: the last lines of Compose 1.29 and 2.26 with the legacy builder, and of 2.26 with BuildKit.
const failed = "The command '/bin/sh -c npm ci --omit=dev --no-audit --no-fund' returned a non-zero code: 127";
const failedInBuildKit = 'executor failed running [/bin/sh -c npm ci --omit=dev --no-audit --no-fund]: exit code: 127';
test.each([
  ['1.29', ['Step 6/14 : RUN npm ci --omit=dev --no-audit --no-fund', ' ---> Running in e07f9bc55dde', '\u001B[91m/bin/sh: 1: npm: not found', `\u001B[0m${failed}`, "Service 'dns' failed to build : Build failed"]],
  ['2.26', ['Step 6/15 : RUN npm ci --omit=dev --no-audit --no-fund', ' ---> Running in b38580cabbb9', '\u001B[91m/bin/sh: 1: npm: not found', `\u001B[0m${failed}`]],
  ['2.26 with BuildKit', [
    '#9 [dns 5/9] RUN npm ci --omit=dev --no-audit --no-fund', '#9 0.139 /bin/sh: 1: npm: not found', `#9 ERROR: ${failedInBuildKit}`,
    '------', ' > [dns 5/9] RUN npm ci --omit=dev --no-audit --no-fund:', 'npm: not found', '------', `failed to solve: ${failedInBuildKit}`,
  ]],
])('a build that fails shows the last lines of what failed: Compose %s', (_, lines) => {
  const steps = Array.from({ length: 50 }, (_step, index) => `Step ${index}\r\n`);
  const { code, message } = explainDockerFailure(composeError('Command failed with exit code 1: docker compose build dns', [...steps, ...lines]));
  expect(code).toBe('START_FAILED');
  const [first, ...shown] = message.split('\n  ');
  expect(first).toBe('The docker engine could not start the lab: Command failed with exit code 1: docker compose build dns. Its last lines:');
  expect(shown).toHaveLength(20);
  // The colours of the failed command are removed.
  expect(shown.slice(-lines.length)).toEqual(lines.map((line) => line.replace(/\u001B\[\d+m/g, '')));
});

test.each(['/bin/sh: 1: npm: Permission denied', 'npm error connect ECONNREFUSED 127.0.0.1:4873', "npm error code ENOENT: no such file or directory, open '/lab/package.json'"])(
  'words of a build are not taken for a failure of the engine: %s',
  (line) => {
    expect(explainDockerFailure(composeError('Command failed', [line])).message).toBe(`The docker engine could not start the lab: Command failed. Its last lines:\n  ${line}`);
  },
);

test('if compose wrote nothing, the message says so', () => {
  const { message } = explainDockerFailure(composeError('Command timed out after 600000 milliseconds: docker compose build dns', []));
  expect(message).toBe('The docker engine could not start the lab: Command timed out after 600000 milliseconds: docker compose build dns. It wrote nothing.');
});
