/** The commands of the page: the same as those of a second terminal, and the line that each one is there. */
import { clientNames } from '../clients/index.ts';
import type { Observation } from '../faults/fault.ts';
import { nameIn } from '../vocabulary/errors.ts';
import { labCommand } from '../vocabulary/project.ts';
import { shellWord } from '../vocabulary/shell-word.ts';
import type { Verbs } from '../workshop/messages.ts';
import type { Actions } from '../workshop/server.ts';
import { parseDnsWords } from './dns-words.ts';
import type { Asked } from './hand-client.ts';
import type { HandHandlers } from './hand-control.ts';
import type { HealedByHand } from './hand-heal.ts';
import { askedText, policyLines, seenText } from './hand-status.ts';
import * as v from 'valibot';
import type { Policy } from '../../services/dns/policy.ts';
import { readValue, type Kind } from '../vocabulary/values.ts';

const words = v.record(v.string(), v.string());
/** What a page may send. A word of an option is checked where it is used, as that of a terminal is. */
const shapes = {
  dns: v.strictObject({ words: v.pipe(v.array(v.string()), v.minLength(1)) }),
  apply: v.strictObject({ fault: v.string(), host: v.string(), options: words }),
  heal: v.strictObject({ host: v.nullable(v.string()) }),
  behave: v.strictObject({ backend: v.string(), change: words }),
  client: v.strictObject({ name: v.string(), options: words }),
  ask: v.strictObject({ method: v.string() }),
  rate: v.strictObject({ method: v.string(), perS: v.number() }),
  save: v.strictObject({}),
  lesson: v.strictObject({ number: v.number(), client: v.string(), runs: v.boolean() }),
};
const shaped = <T>(shape: v.GenericSchema<unknown, T>, args: unknown): T => readValue(shape as Kind<T>, args, '', 'a command of the page');

/** `save` writes the session, and resolves with its folder; `lesson` asks or runs a lesson. */
export function workshopActions(commands: HandHandlers, { save, lesson }: { save: () => Promise<string>; lesson: (args: Verbs['lesson']) => Promise<string> }): Actions {
  const line = (...parts: string[]): string => [labCommand, ...parts.map(shellWord)].join(' ');
  const pairs = (options: Record<string, string>): string[] => Object.entries(options).map(([key, value]) => `${key}=${value}`);
  return {
    dns: {
      line: (args) => line('dns', ...shaped(shapes.dns, args).words),
      act: async ({ words: given }) => {
        const policy = (await commands.dns(parseDnsWords(given))) as Policy;
        return policy.remark ?? policyLines(policy).slice(0, 3).join(' · ');
      },
    },
    apply: {
      line: (args) => {
        const { fault, host, options } = shaped(shapes.apply, args);
        return line('fault', fault, host, ...Object.entries(options).flatMap(([key, value]) => [`--${key}`, value]));
      },
      act: async (args) => seenText(`${args.fault} ${args.host}`, (await commands.apply(args)) as Observation),
    },
    heal: {
      line: (args) => {
        const { host } = shaped(shapes.heal, args);
        return line('heal', ...(host === null ? [] : [host]));
      },
      act: async (args) => {
        const { healed, left } = (await commands.heal(args)) as HealedByHand;
        return [...(healed.length === 0 ? ['nothing was broken'] : healed.map(({ what, ...observation }) => seenText(`healed ${what}`, observation))), ...left.map((each) => `left as it is: ${each}`)].join('; ');
      },
    },
    behave: {
      line: (args) => {
        const { backend, change } = shaped(shapes.behave, args);
        return line('behave', backend, ...pairs(change));
      },
      act: async (args) => JSON.stringify(await commands.behave(args)),
    },
    client: {
      line: (args) => {
        const { name, options } = shaped(shapes.client, args);
        // A name of the table. A page may not start any other program.
        return line('client', nameIn('client', name, clientNames), ...pairs(options));
      },
      act: async ({ name, options }) => {
        await commands.client({ words: name, options });
        return `${name} is the client now`;
      },
    },
    ask: {
      line: (args) => line('ask', ...(shaped(shapes.ask, args).method === 'GET' ? [] : [args.method])),
      act: async (args) => askedText((await commands.ask(args)) as Asked),
    },
    rate: {
      line: (args) => line('ask', ...(shaped(shapes.rate, args).method === 'GET' ? [] : [args.method]), '--per-s', String(args.perS)),
      act: async (args) => {
        await commands.rate(args);
        return args.perS === 0 ? 'no more requests' : `${args.perS} requests a second`;
      },
    },
    lesson: {
      line: (args) => {
        const { number, client, runs } = shaped(shapes.lesson, args);
        nameIn('client', client, clientNames);
        return runs ? line('lesson', String(number), ...(client === 'node-fetch' ? [] : ['--client', client]), '--answer', 'none') : '';
      },
      act: lesson,
    },
    save: { line: (args) => (shaped(shapes.save, args), ''), act: save },
  };
}
