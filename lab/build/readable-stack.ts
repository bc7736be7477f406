/**
 * Makes stack traces of built programs name the sources. The build puts this file into each of them. It reads a source map only when somebody reads a
 * stack: Node's own --enable-source-maps reads all of them at the start, and a backend would start a fifth slower.
 */
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, join } from 'node:path';

const maps = new Map<string, SourceMap | null>();

/** The source map beside a built file, or null if it cannot be read: the stack then names the built file. */
function mapOf(file: string): SourceMap | null {
  const known = maps.get(file);
  if (known !== undefined) return known;
  let made: SourceMap | null = null;
  try {
    made = new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')) as ConstructorParameters<typeof SourceMap>[0]);
  } catch {
    // See above.
  }
  maps.set(file, made);
  return made;
}

/** `at f (/…/services/dns/main.cjs:7:5)` becomes `at f (…/services/dns/main.ts:31:12)`. */
function readable(site: string): string {
  return site.replace(/(\/[^():]+\.cjs):(\d+):(\d+)/, (place, file: string, line: string, column: string) => {
    const entry = mapOf(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    return entry && 'originalSource' in entry ? `${join(dirname(file), entry.originalSource)}:${entry.originalLine + 1}:${entry.originalColumn + 1}` : place;
  });
}

// V8 calls it when the stack of an error is read for the first time (v8.dev/docs/stack-trace-api).
Error.prepareStackTrace = (error, sites) => [Error.prototype.toString.call(error), ...sites.map((site) => `    at ${readable((site as { toString(): string }).toString())}`)].join('\n');
