/** Reads a lesson from its Markdown. The form is strict, so that what a forge shows, what a terminal shows and what a run decides are the same. */
import { parseExpectation, type Expectation } from '../analysis/expectations.ts';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import type { Block, Lesson, Marks, NumberInText, Option } from './lesson.ts';

/** The sections, in their order. A forge hides those after the second one until a reader asks for them. */
const headings = ['Question', 'Options', 'Ideas', 'Look for', 'Why', 'Numbers', 'Change one thing', 'Where else', 'For the teacher'] as const;
type Heading = (typeof headings)[number];
const hiddenFrom: Heading = 'Ideas';
const begin = ['<details>', '<summary>After the run</summary>', ''];
const end = '</details>';
const keys = ['Scenario', 'Observations', 'Scale', 'Marks'];
const letters = ['a', 'b', 'c', 'd'];

/** A block and the number of its first line. */
type Placed = Block & { line: number };

/** Makes the error of a mistake in this line. */
type Mistake = (line: number, message: string) => LabError;

/**
 * Returns the lesson that `text` describes. `file` is the name of its file, for the number, the name and the messages.
 * @throws {LabError} BAD_INPUT with the file, the line, what was expected, and what was seen.
 */
export function parseLesson(text: string, file: string): Lesson {
  const mistake: Mistake = (line, message) => new LabError('BAD_INPUT', `${file}:${line}: ${message}`);
  const lines = text.split('\n');
  const [, digits, title] = /^# (\d+) (\S.*)$/.exec(lines[0] ?? '') ?? [];
  if (digits === undefined || title === undefined) throw mistake(1, insteadOf('a heading with number and title, such as `# 3 Dropped or rejected`', lines[0] ?? ''));
  const name = file.replace(/^.*\//, '').replace(/\.md$/, '');
  if (!/^\d\d-[a-z0-9-]+$/.test(name) || Number(name.slice(0, 2)) !== Number(digits)) throw mistake(1, insteadOf(`the number of the file's name in its heading, as in 03-name.md and \`# 3 …\``, lines[0] ?? ''));

  const starts = headings.map((heading, index) => {
    const at = lines.indexOf(`## ${heading}`);
    if (at < 0) throw mistake(lines.length, insteadOf(`the section \`## ${heading}\``, ''));
    return { heading, at, index };
  });
  const seen = lines.flatMap((line, at) => (line.startsWith('## ') ? [{ line, at }] : []));
  for (const [index, { line, at }] of seen.entries()) if (starts[index]?.at !== at) throw mistake(at + 1, insteadOf(starts[index] ? `the section \`## ${starts[index].heading}\` here, once` : 'no further section', line));
  const hidden = lines.indexOf(`## ${hiddenFrom}`);
  for (const [index, expected] of begin.entries()) {
    const at = hidden - begin.length + index;
    if (lines[at] !== expected) throw mistake(at + 1, insteadOf(`\`${expected}\` here, so that a forge hides what comes after the run`, lines[at] ?? ''));
  }
  const last = lines.findLastIndex((line) => line !== '');
  if (lines[last] !== end) throw mistake(last + 1, insteadOf(`\`${end}\` at the end`, lines[last] ?? ''));

  /** The blocks of a section. The first one may stand in a fence. */
  const section = (heading: Heading): Placed[] => {
    const { at, index } = starts.find((each) => each.heading === heading) as { at: number; index: number };
    const stop = heading === headings.at(-1) ? last : (starts[index + 1]?.at ?? last) - (headings[index + 1] === hiddenFrom ? begin.length : 0);
    const blocks = blocksOf(lines.slice(at + 1, stop), at + 2);
    if (blocks.length === 0) throw mistake(at + 1, insteadOf(`text in the section \`${heading}\``, ''));
    return blocks;
  };

  const { scenario, observations, scale, marks } = headerOf(blocksOf(lines.slice(1, starts[0]?.at), 2), mistake);
  const { answer, why } = whyOf(section('Why'), mistake);
  const options = optionsOf(section('Options'), section('Ideas'), mistake);
  if (!options.some(({ letter }) => letter === answer)) throw mistake((starts.find(({ heading }) => heading === 'Why')?.at ?? 0) + 1, insteadOf(`the letter of an option: ${options.map(({ letter }) => letter).join(', ')}`, answer));
  return {
    number: Number(digits),
    name,
    title,
    scenario,
    observations,
    isTrueToTime: scale === 'true to time',
    marks,
    question: section('Question').map(plain),
    options,
    answer,
    lookFor: section('Look for').map(plain),
    why: why.map(plain),
    numbers: section('Numbers').map((block) => numberOf(block, mistake)),
    change: changeOf(section('Change one thing'), mistake),
    whereElse: section('Where else').map(plain),
    forTheTeacher: section('For the teacher').map(plain),
  };
}

function insteadOf(expected: string, seen: string): string {
  return `Expected ${expected}, got ${seen === '' ? 'nothing' : `\`${seen}\``}.`;
}

const plain = ({ text, isItem }: Placed): Block => ({ text, isItem });

/** Paragraphs, items of lists, and fenced blocks. A further line of an item is indented. The lines of a fenced block stay lines. */
function blocksOf(lines: readonly string[], first: number): Placed[] {
  const blocks: Placed[] = [];
  let open: Placed | undefined;
  let isFenced = false;
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('```')) {
      isFenced = !isFenced;
      open = isFenced ? { text: '```', isItem: false, line: first + index } : undefined;
      if (open) blocks.push(open);
    } else if (isFenced && open) open.text += `\n${line}`;
    else if (line.trim() === '') open = undefined;
    else if (line.startsWith('- ')) blocks.push((open = { text: line.slice(2), isItem: true, line: first + index }));
    else if (open && (!open.isItem || line.startsWith('  '))) open.text += ` ${line.trim()}`;
    else blocks.push((open = { text: line, isItem: false, line: first + index }));
  }
  return blocks;
}

function headerOf(items: readonly Placed[], mistake: Mistake): { scenario: string; observations: string[]; scale: string; marks: Marks | null } {
  const values = new Map<string, { value: string; line: number }>();
  for (const { text, isItem, line } of items) {
    const [, key = '', value = ''] = /^(\w+): (.+)$/.exec(text) ?? [];
    if (!isItem || !keys.includes(key) || values.has(key)) throw mistake(line, insteadOf(`an item \`- KEY: …\` with one of the keys ${keys.join(', ')}, each once`, text));
    values.set(key, { value, line });
  }
  const at = (key: string): { value: string; line: number } => values.get(key) ?? { value: '', line: 2 };
  const scenario = /`([a-z0-9-]+)`/.exec(at('Scenario').value)?.[1];
  if (scenario === undefined) throw mistake(at('Scenario').line, insteadOf('an item `- Scenario:` with the name of a scenario in backticks', at('Scenario').value));
  const observations = values.has('Observations') ? at('Observations').value.split(', ') : [];
  if (!observations.every((each) => /^S\d+$/.test(each))) throw mistake(at('Observations').line, insteadOf('an item `- Observations:` such as `S5, S8`', at('Observations').value));
  const scale = at('Scale').value;
  if (scale !== '' && scale !== 'true to time') throw mistake(at('Scale').line, insteadOf('`true to time`', scale));
  return { scenario, observations, scale, marks: values.has('Marks') ? marksOf(at('Marks'), mistake) : null };
}

function marksOf({ value, line }: { value: string; line: number }, mistake: Mistake): Marks {
  const [, path, within] = /^`([\w.]+)`, within (\d+) ms$/.exec(value) ?? [];
  if (path === undefined) throw mistake(line, insteadOf('the finding that has the true times, and a tolerance, such as `attempts.0.synsMs`, within 400 ms', value));
  // An entry of a list of times is less or more than a bound.
  return { path: expectation(`${path}.0>=0`, line, mistake).path.slice(0, -1), withinMs: Number(within) };
}

function optionsOf(texts: readonly Placed[], ideas: readonly Placed[], mistake: Mistake): Option[] {
  const form = '`- a) *The idea behind it.* Holds: `…`` with one option of each letter, in the same order as in the section `Options`';
  if (texts.length < 3 || texts.length > 4) throw mistake(texts[0]?.line ?? 1, insteadOf('three or four options', String(texts.length)));
  if (texts.length !== ideas.length) throw mistake(ideas[0]?.line ?? 1, insteadOf(form, `${ideas.length} ideas for ${texts.length} options`));
  return texts.map(({ text, isItem, line }, index) => {
    const letter = letters[index] ?? '';
    const [, own, words = ''] = /^([a-d])\) (\S.*)$/.exec(text) ?? [];
    if (!isItem || own !== letter) throw mistake(line, insteadOf(`the option \`- ${letter}) …\``, text));
    const idea = ideas[index] as Placed;
    const [, its, thought = '', bounds = ''] = /^([a-d])\) \*([^*]+)\* Holds: (`.+`)\.?$/.exec(idea.text) ?? [];
    if (!idea.isItem || its !== letter) throw mistake(idea.line, insteadOf(form, idea.text));
    return { letter, text: words, idea: thought, holds: boundsOf(bounds, idea.line, mistake) };
  });
}

function whyOf([first, ...others]: readonly Placed[], mistake: Mistake): { answer: string; why: Placed[] } {
  const answer = /^Our client: ([a-d])\.$/.exec(first?.text ?? '')?.[1];
  if (answer === undefined || others.length === 0) throw mistake(first?.line ?? 1, insteadOf('a first paragraph `Our client: b.` with the letter of its option, and then the explanation', first?.text ?? ''));
  return { answer, why: others };
}

function numberOf({ text, isItem, line }: Placed, mistake: Mistake): NumberInText {
  const [, number, from = ''] = /^([^:`]+): (\S.*)$/.exec(text) ?? [];
  if (!isItem || number === undefined) throw mistake(line, insteadOf('an item with a number of the text, and where it is from: `- 250 ms: `fallbackDelayMs>=200`` or `- 50 ms: RFC 8305 section 3`', text));
  const [, bounds, client] = /^(`[^`]+`(?:, `[^`]+`)*?)(?: with `([\w-]+)`)?$/.exec(from) ?? [];
  return bounds === undefined ? { text: number, source: from } : { text: number, holds: boundsOf(bounds, line, mistake), client: client ?? null };
}

function changeOf([first, ...others]: readonly Placed[], mistake: Mistake): Lesson['change'] {
  const [, ...commands] = first?.text.startsWith('```') ? first.text.split('\n') : [];
  const [command = ''] = commands;
  if (commands.length !== 1 || !command.startsWith('bin/lab ') || others.length === 0) throw mistake(first?.line ?? 1, insteadOf('one command `bin/lab …` in a fence, and then what to see in it', first?.text.replaceAll('\n', ' ') ?? ''));
  return { command, text: others.map(plain) };
}

/** `` `requests.failed==0`, `recoveryMs<2s` `` */
function boundsOf(text: string, line: number, mistake: Mistake): Expectation[] {
  if (!/^`[^`]+`(, `[^`]+`)*$/.test(text)) throw mistake(line, insteadOf('bounds in backticks with commas between them', text));
  return [...text.matchAll(/`([^`]+)`/g)].map(([, bound = '']) => expectation(bound, line, mistake));
}

function expectation(text: string, line: number, mistake: Mistake): Expectation {
  try {
    return parseExpectation(text);
  } catch (error) {
    throw mistake(line, messageOf(error).replace(/^--expect: /, ''));
  }
}
