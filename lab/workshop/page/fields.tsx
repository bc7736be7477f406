/** A form for the options of a fault or of a client. What is left empty keeps its default, and is not given to the command. */
import { useSignal } from '@preact/signals';
import type { ShownOption } from '../messages.ts';

export interface FieldValues {
  values: Readonly<Record<string, string>>;
  set(name: string, value: string): void;
  clear(): void;
  /** Those of the options that somebody has filled in. */
  given(options: readonly ShownOption[]): Record<string, string>;
}

export function useFields(): FieldValues {
  const values = useSignal<Record<string, string>>({});
  return {
    values: values.value,
    set: (name, value) => { values.value = { ...values.value, [name]: value }; },
    clear: () => { values.value = {}; },
    given: (options) => Object.fromEntries(options.flatMap(({ name }) => (values.value[name]?.trim() ? [[name, values.value[name].trim()]] : []))),
  };
}

export function Fields({ options, fields }: { options: readonly ShownOption[]; fields: FieldValues }) {
  if (options.length === 0) return null;
  return (
    <div class="fields">
      {options.map(({ name, doc, expected, default: usual }) => (
        <label key={name} title={`${doc}: ${expected}`}>
          <span>{name}</span>
          <input aria-label={name} value={fields.values[name] ?? ''} placeholder={usual === '' ? 'not set' : usual} onInput={({ currentTarget }) => { fields.set(name, currentTarget.value); }} />
          <small>{doc}: {expected}</small>
        </label>
      ))}
    </div>
  );
}
