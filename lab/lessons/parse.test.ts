/** A lesson in its strict form is read whole. Each mistake in the form has a message with file, line, what was expected and what was seen. */
import { buildSync } from 'esbuild';
import { expect, test } from 'vitest';
import { LabError } from '../vocabulary/errors.ts';
import { parseLesson } from './parse.ts';

const file = 'docs/lessons/03-silence.md';
const good = `# 3 Silence

- Scenario: [\`all-down\`](../scenarios.md#all-down)
- Observations: S6, S8
- Scale: true to time
- Marks: \`attempts.0.synsMs\`, within 400 ms

## Question

What does the caller
get?

- a first thing
- a second thing
  on two lines

## Options

- a) An error
- b) An answer
- c) Nothing, for
  a long time

<details>
<summary>After the run</summary>

## Ideas

- a) *Nobody is there.* Holds: \`requests.failed==1\`
- b) *Somebody is there.* Holds: \`requests.ok>=1\`,
  \`requests.failed==0\`
- c) *Silence.* Holds: \`byRequest.0.ms==null\`.

## Look for

The error.

## Why

Our client: a.

Because of \`RST\`.

## Numbers

- 250 ms: \`byRequest.0.ms>=200\`, \`byRequest.0.ms<900\`
- 300 ms: \`byRequest.0.ms>=250\` with \`go\`
- 50 ms: RFC 8305 section 3

## Change one thing

\`\`\`
bin/lab run all-down --client curl
\`\`\`

Another client.

## Where else

- Everywhere.

## For the teacher

Ask.

</details>
`;

test('reads every part', () => {
  const lesson = parseLesson(good, file);
  expect(lesson).toMatchObject({
    number: 3, name: '03-silence', title: 'Silence', scenario: 'all-down', observations: ['S6', 'S8'], isTrueToTime: true, answer: 'a',
    marks: { path: ['attempts', '0', 'synsMs'], withinMs: 400 },
    question: [{ text: 'What does the caller get?', isItem: false }, { text: 'a first thing', isItem: true }, { text: 'a second thing on two lines', isItem: true }],
    lookFor: [{ text: 'The error.', isItem: false }],
    why: [{ text: 'Because of `RST`.', isItem: false }],
    change: { command: 'bin/lab run all-down --client curl', text: [{ text: 'Another client.', isItem: false }] },
    whereElse: [{ text: 'Everywhere.', isItem: true }],
    forTheTeacher: [{ text: 'Ask.', isItem: false }],
  });
  expect(lesson.options.map(({ letter, text, idea, holds }) => [letter, text, idea, holds.map((bound) => bound.text)])).toEqual([
    ['a', 'An error', 'Nobody is there.', ['requests.failed==1']],
    ['b', 'An answer', 'Somebody is there.', ['requests.ok>=1', 'requests.failed==0']],
    ['c', 'Nothing, for a long time', 'Silence.', ['byRequest.0.ms==null']],
  ]);
  expect(lesson.numbers).toMatchObject([
    { text: '250 ms', client: null, holds: [{ text: 'byRequest.0.ms>=200' }, { text: 'byRequest.0.ms<900' }] },
    { text: '300 ms', client: 'go', holds: [{ text: 'byRequest.0.ms>=250' }] },
    { text: '50 ms', source: 'RFC 8305 section 3' },
  ]);
});

test('reads a lesson without the items that are optional', () => {
  expect(parseLesson(good.replace(/- (Observations|Scale|Marks): .*\n/g, ''), file)).toMatchObject({ observations: [], isTrueToTime: false, marks: null });
});

const lineOf = (text: string): number => good.split('\n').findIndex((line) => line.startsWith(text)) + 1;

test.each<[what: string, from: string | RegExp, to: string, line: number, message: RegExp]>([
  ['no number in the heading', '# 3 Silence', '# Silence', 1, /Expected a heading with number and title, .*got `# Silence`/],
  ['another number than the file', '# 3 Silence', '# 4 Silence', 1, /Expected the number of the file's name in its heading/],
  ['a section is missing', /## Look for\n\nThe error\.\n\n/, '', good.split('\n').length - 4, /Expected the section `## Look for`, got nothing/],
  ['an unknown section', '## Why', '## Reasons\n\nNone.\n\n## Why', lineOf('## Why'), /Expected the section `## Why` here, once, got `## Reasons`/],
  ['a section twice', '## Why', '## Question\n\n## Why', lineOf('## Why'), /Expected the section `## Why` here, once, got `## Question`/],
  ['an empty section', 'The error.\n', '', lineOf('## Look for'), /Expected text in the section `Look for`, got nothing/],
  ['nothing is folded up', '<details>\n', '', lineOf('<details>') - 1, /Expected `<details>` here, so that a forge hides/],
  ['no end of what is folded up', '</details>\n', '', lineOf('</details>') - 2, /Expected `<\/details>` at the end, got `Ask\.`/],
  ['no scenario', /- Scenario: .*\n/, '', 2, /an item `- Scenario:` with the name of a scenario in backticks, got nothing/],
  ['an unknown key on top', '- Scale: true to time', '- Colour: red', 5, /with one of the keys Scenario, Observations, Scale, Marks, each once, got `Colour: red`/],
  ['a wrong observation', 'S6, S8', 'S6 and S8', 4, /`- Observations:` such as `S5, S8`, got `S6 and S8`/],
  ['a wrong scale', 'Scale: true to time', 'Scale: linear', 5, /Expected `true to time`, got `linear`/],
  ['marks without a tolerance', ', within 400 ms', '', 6, /the finding that has the true times, and a tolerance/],
  ['marks on no times', 'attempts.0.synsMs`', 'addressesTried`', 6, /Its values have no order/],
  ['two options', /- c\) Nothing, for\n {2}a long time\n/, '', lineOf('- a) An error'), /Expected three or four options, got `2`/],
  ['options in another order', '- b) An answer', '- d) An answer', lineOf('- b) An answer'), /Expected the option `- b\) …`, got `d\) An answer`/],
  ['an option without an idea', /- c\) \*Silence.*\n/, '', lineOf('- a) *'), /with one option of each letter, .*got `2 ideas for 3 options`/],
  ['an idea without bounds', ' Holds: `requests.failed==1`', '', lineOf('- a) *'), /`- a\) \*The idea behind it\.\* Holds: `…``/],
  ['no comma between bounds', '`requests.ok>=1`,', '`requests.ok>=1` and', lineOf('- b) *'), /bounds in backticks with commas between them/],
  ['an unknown finding', 'requests.failed==1', 'requests.fialed==1', lineOf('- a) *'), /`requests` has no field `fialed`.*Did you mean `failed`\?\n {2}requests\.fialed==1\n {11}\^/],
  ['no option of our client', 'Our client: a.\n\n', '', lineOf('Our client'), /a first paragraph `Our client: b\.`/],
  ['our client is no option', 'Our client: a.', 'Our client: d.', lineOf('## Why'), /the letter of an option: a, b, c, got `d`/],
  ['a number without a place', '50 ms: RFC 8305 section 3', '50 ms', lineOf('- 50 ms'), /an item with a number of the text, and where it is from/],
  ['no command', 'bin/lab run all-down --client curl\n', '', lineOf('```'), /one command `bin\/lab …` in a fence/],
  ['another command', 'bin/lab run all-down', 'make all-down', lineOf('```'), /got ```` make all-down --client curl`/],
])('%s', (_, from, to, line, message) => {
  const text = good.replace(from, () => to);
  expect(text).not.toBe(good);
  const mistake = (): unknown => { try { return parseLesson(text, file); } catch (error) { return error; } };
  const error = mistake();
  expect(error).toBeInstanceOf(LabError);
  expect((error as LabError).message).toMatch(new RegExp(`^${file}:${line}: `));
  expect((error as LabError).message).toMatch(message);
});

test('the lessons are read and judged in a browser, too', () => {
  const { errors, outputFiles } = buildSync({ entryPoints: ['parse', 'judge', 'inline', 'request-sentences'].map((name) => `lab/lessons/${name}.ts`), bundle: true, platform: 'browser', format: 'iife', outdir: 'out', write: false, logLevel: 'silent' });
  expect({ errors, files: outputFiles.length }).toEqual({ errors: [], files: 4 });
});
