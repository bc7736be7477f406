/** `lab init`: writes a first scenario and a CI job into somebody's repository. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { labCommand } from '../../vocabulary/project.ts';

const scenarioPath = 'failover/first.scenario.ts';

const files: Record<string, string> = {
  [scenarioPath]: `import { check, defineScenario } from 'failover-lab';

export default defineScenario({
  title: 'the server that answers is killed: does the next request reach another one?',
  teaches: 'A client that tries the next address of the DNS answer does not need the server that is down.',
  predict: 'DNS names two of three servers. The one that has just answered is killed. Does the caller of the next request get an answer?',
  explains: 'The connection to the killed server ends. The client looks the name up again, connects to its addresses in turn, and one of them refuses.',
  sources: ['RFC 8305 section 5'],
  run: async ({ client, apply, backendAt }) => {
    const first = await client.get();
    await apply('kill', backendAt(first.address));
    const second = await client.get();
    return { second: second.ok ? 'an answer' : second.error };
  },
  // What must hold for every client. What your own client must do, pin with --expect: docs/ci.md of failover-lab.
  checks: ({ findings: { requests }, data }) => [
    check('the first request was answered', requests.ok >= 1, \`\${requests.ok} answered\`),
    check('the second request came to an end', requests.sent === 2, \`the caller got \${data.second}\`),
  ],
});
`,
  '.github/workflows/failover.yml': `name: failover
on: [push, pull_request]
jobs:
  failover:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 24, cache: npm }
      - run: npm ci
      # The lab makes its network in user namespaces. Ubuntu allows them to root alone.
      - run: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0
      - run: npx lab doctor
      # To test your own client: --client './my-client {url}', and what it must do: --expect 'requests.failed==0'
      - run: npx lab run ./${scenarioPath} --reporter github --reporter junit:results/failover.xml
      - uses: actions/upload-artifact@v4
        if: always()
        with: { name: failover, path: results/ }
`,
};

/** Writes the files that are not there yet, and returns the exit status 0. @throws {LabError} BAD_OUTPUT for a file that cannot be written. */
export async function init(): Promise<number> {
  for (const [path, text] of Object.entries(files)) {
    if (existsSync(path)) {
      console.log(`${path} is there already; it stays as it is`);
      continue;
    }
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text, { flag: 'wx' });
    } catch (error) {
      throw new LabError('BAD_OUTPUT', `Could not write ${path}: ${messageOf(error)}`, { cause: error });
    }
    console.log(`${path} written`);
  }
  console.log(`\nRun it:  ${labCommand} run ./${scenarioPath}\nResults go to results/: add that to .gitignore.`);
  return 0;
}
