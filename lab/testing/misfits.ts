/** Holds the real findings of a run against their schema. */
import { findingsSchema, type Field } from '../analysis/findings-schema.ts';
import { accepts, readValue } from '../vocabulary/values.ts';

/** Returns each place where a value does not fit its field: a missing or unknown name, a wrong type, or a null that the schema does not have. */
export function misfits(value: unknown, field: Field = findingsSchema, path = 'findings'): string[] {
  if (value === null) return field.mayBeNull ? [] : [`${path} is null`];
  // A word of a command line that stands for a value (`'1'`) is not that value.
  if ('kind' in field) return accepts(field.kind, value) && readValue(field.kind, value, path) === value ? [] : [`${path} is ${JSON.stringify(value)}`];
  if ('each' in field) return Array.isArray(value) ? value.flatMap((entry, index) => misfits(entry, field.each, `${path}.${index}`)) : [`${path} is no list`];
  if (typeof value !== 'object' || Array.isArray(value)) return [`${path} has no fields`];
  const entries = Object.entries(value as Record<string, unknown>);
  if ('countsBy' in field) return entries.flatMap(([key, count]) => (accepts(field.countsBy, key) && Number.isSafeInteger(count) ? [] : [`${path}.${key} is ${JSON.stringify(count)}`]));
  const names = new Set([...Object.keys(field.fields), ...entries.map(([key]) => key)]);
  return [...names].flatMap((name) => {
    const below = Object.hasOwn(field.fields, name) ? field.fields[name] : undefined;
    if (!below) return [`${path}.${name} is not in the schema`];
    return Object.hasOwn(value, name) ? misfits((value as Record<string, unknown>)[name], below, `${path}.${name}`) : [`${path}.${name} is missing`];
  });
}
