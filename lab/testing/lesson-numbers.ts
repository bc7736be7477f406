/** Each number in the text of a lesson is a claim. It must fit a bound that a run keeps, be one that the scenario itself names, or have a source. */
import type { Expectation } from '../analysis/expectations.ts';
import type { Block, Lesson, NumberInText } from '../lessons/lesson.ts';
import type { Scenario } from '../run/scenario.ts';

/** The source of a number that the scenario sets. */
export const setByScenario = 'set by the scenario';
/** What a source names: an RFC, a manual page, documentation, or a file. */
const isSource = /RFC \d+|\w\(\d\)|documentation|ip-sysctl|\w\/[\w.-]+/;

/** These are names, versions and references, and no claims. */
const names = /`[^`]*`|\]\([^)]*\)|\w\(\d\)|\S*::\S*|\bHTTP\/[\d.]*\d|\bRFC \d+|\b(?:sections?|rule|appendix) [\d.]+|\b(?:Linux|kernels?|Node|Go|since|before)[ /][\d.]+\d|\b[Ll]essons? \d+(?:(?:, \d+)* and \d+)?|\bIPv[46]\b|[A-Za-z][\w-]*\d[\w:]*|#\d+|(?<!\d)\.\d+\b/g;
/** One number, or several with one unit: `250 ms`, `1, 3 and 7 s`, `100`. */
const claims = /\d[\d.]*(?:(?:,| and|, and) \d[\d.]*)*(?: (?:ms|s)\b)?/g;

/** Returns what is wrong with the numbers of a lesson. `scenarios` are those that it runs: its own, and that of its command. */
export function numberProblems(lesson: Lesson, scenarios: readonly Scenario[], changed: readonly Expectation[]): string[] {
  const { numbers, options } = lesson;
  const said = scenarios.map((scenario) => JSON.stringify(scenario)).join(' ');
  const listed = new Set(numbers.map(({ text }) => text));
  const used = new Set<string>();
  const missing = (section: string, text: string, bounds: readonly Expectation[]): string[] =>
    claimsIn(text).flatMap((claim) => {
      if (listed.has(claim)) used.add(claim);
      else if (!valuesOf(claim).every((value) => fits(value, isTime(claim), bounds))) return [`${section}: \`${claim}\` is in no bound, and not in the section Numbers`];
      return [];
    });
  const sections: [string, readonly Block[], readonly Expectation[]][] = [
    ['Question', lesson.question, []], ['Look for', lesson.lookFor, []], ['Why', lesson.why, []], ['Change one thing', lesson.change.text, changed], ['Where else', lesson.whereElse, []], ['For the teacher', lesson.forTheTeacher, []],
  ];
  return [
    ...sections.flatMap(([section, blocks, bounds]) => blocks.flatMap(({ text }) => missing(section, text, bounds))),
    ...options.flatMap(({ letter, text, idea, holds }) => [text, idea].flatMap((each) => missing(`option ${letter}`, each, holds))),
    ...numbers.flatMap((number) => numberProblem(number, said)),
    ...[...listed].filter((text) => !used.has(text)).map((text) => `Numbers: \`${text}\` stands nowhere in the text`),
  ];
}

function numberProblem(number: NumberInText, said: string): string[] {
  const values = valuesOf(number.text);
  if (values.length === 0) return [`Numbers: \`${number.text}\` is no number`];
  if ('holds' in number) return values.every((value) => fits(value, isTime(number.text), number.holds)) ? [] : [`Numbers: \`${number.text}\` is outside its own bounds`];
  if (number.source !== setByScenario) return isSource.test(number.source) ? [] : [`Numbers: \`${number.source}\` names no source`];
  const spoken = (value: number): boolean => [String(value), ...(isTime(number.text) ? [String(value / 1000)] : [])].some((digits) => new RegExp(`(?<![\\d.])${digits.replace('.', '\\.')}(?![\\d]|\\.\\d)`).test(said));
  return values.every(spoken) ? [] : [`Numbers: the scenario does not say \`${number.text}\``];
}

/** The numbers of a text, as they stand in it. */
export function claimsIn(text: string): string[] {
  return (text.replace(names, ' · ').match(claims) ?? []).map((claim) => claim.replace(/\.$/, ''));
}

const isTime = (claim: string): boolean => / (?:ms|s)$/.test(claim);

/** The values of a claim; a time in ms. */
function valuesOf(claim: string): number[] {
  const factor = claim.endsWith(' s') ? 1_000 : 1;
  return (claim.match(/\d+(?:\.\d+)?/g) ?? []).map((digits) => Number(digits) * factor);
}

/** Whether a finding with this value would keep all bounds on it. */
function fits(value: number, isMs: boolean, bounds: readonly Expectation[]): boolean {
  const byFinding = Map.groupBy(bounds.filter(({ bound, operator, path }) => typeof bound === 'number' && operator !== '!=' && path.some((key) => /^ms$|Ms$/.test(key)) === isMs), ({ path }) => path.join('.'));
  return [...byFinding.values()].some((each) => each.every((bound) => keeps(value, bound)));
}

function keeps(value: number, { operator, bound }: Expectation): boolean {
  const limit = Number(bound);
  switch (operator) {
    case '<': return value < limit;
    case '<=': return value <= limit;
    case '>': return value > limit;
    case '>=': return value >= limit;
    default: return value === limit;
  }
}
