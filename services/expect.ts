/** What a command's arguments must be; each says what was expected and what was seen. */
export type Expectation = (key: string, value: unknown) => void;

export function expectFlag(value: unknown, key = 'on'): boolean {
  if (typeof value !== 'boolean') throw new Error(`Expected \`${key}\` to be true or false, got ${JSON.stringify(value)}.`);
  return value;
}

export function expectInteger(key: string, value: unknown, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) {
    throw new Error(`Expected \`${key}\` to be a whole number from 0 to ${max}, got ${JSON.stringify(value)}.`);
  }
  return value;
}

export function expectText(key: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') throw new Error(`Expected \`${key}\` to be text, got ${JSON.stringify(value)}.`);
  return value;
}

export function expectOneOf(key: string, value: unknown, known: readonly string[]): string {
  if (typeof value !== 'string' || !known.includes(value)) throw new Error(`Expected \`${key}\` to be one of ${known.join(', ')}, got ${JSON.stringify(value)}.`);
  return value;
}

/** An object whose fields are all known, each as it must be. */
export function expectEach<T extends object>(key: string, value: unknown, fields: Record<keyof T, Expectation>): Partial<T> {
  if (typeof value !== 'object' || value === null) throw new Error(`Expected \`${key}\` to be an object, got ${JSON.stringify(value)}.`);
  for (const [field, each] of Object.entries(value)) {
    if (!Object.hasOwn(fields, field)) throw new Error(`Unknown \`${key}\` field \`${field}\`. Known: ${Object.keys(fields).join(', ')}.`);
    fields[field as keyof T](field, each);
  }
  return value;
}
