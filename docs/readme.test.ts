/** Runs the commands of README.md exactly as they are written there. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { scenarioNames } from '../scenarios/index.ts';
import { startHandLab } from '../lab/testing/hand-lab.ts';
import { describeWith } from '../lab/testing/testing.ts';

const readme = readFileSync('README.md', 'utf8');
const commands = [...readme.matchAll(/^```\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) => block.split('\n')).map((line) => line.replace(/\s+#.*/, '').trim());

const symptoms = [...(readme.split('| your symptom | ')[1]?.split('\n\n')[0] ?? '').matchAll(/^\| [^|]+ \| `([\w-]+)` \| (.*) \|$/gm)].map(([, scenario = '', reading = '']) => ({ scenario, reading }));
/** The names of the findings, as the summary of a run prints them. */
const findings = [...readFileSync('lab/report/summary.ts', 'utf8').matchAll(/^ {4}\['([\w -]+)', /gm)].map(([, name = '']) => name);

test('the table of symptoms has 10 rows or more', () => { expect(symptoms.length).toBeGreaterThanOrEqual(10); });

test.each(symptoms)('the table of symptoms: $scenario exists, and a summary has $reading', ({ scenario, reading }) => {
  expect(scenarioNames).toContain(scenario);
  expect([...reading.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name).filter((name) => !findings.includes(name))).toEqual([]);
});

/** Without `make scenarios`, because other tests run all scenarios, and without `make test`, because it would run this test again. */
const makes = commands.filter((line) => /^make( (scenario|lesson) .*| doctor)?$/.test(line));
const byHand = commands.filter((line) => line.startsWith('bin/lab ') && !line.includes('▶'));

describeWith('netns', 'the commands of README.md', () => {
  test.for(makes)('%s', { timeout: 60_000 }, (line) => {
    const { status, stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describeWith(['netns', 'curl'], 'the lab by hand of README.md', () => {
  test(byHand.join(', '), { timeout: 60_000 }, async () => {
    const { env, down } = await startHandLab();
    for (const line of byHand) {
      const { status, stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8', env });
      expect({ line, status, stderr }).toEqual({ line, status: 0, stderr: '' });
    }
    expect(await down()).toEqual([0, null]);
  });
});
