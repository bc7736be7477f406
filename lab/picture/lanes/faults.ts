/** Faults as shading on the rows that they break, and the other changes on a host as flags. */
import type { TimelineEvent } from '../../vocabulary/events.ts';
import { duration, type Mark } from '../model.ts';

/** The family that a fault breaks; null if it breaks both. */
export interface FaultShade {
  family: number | null;
  mark: Mark;
  /** From the heal until the baseline was seen again. */
  healing: Mark | null;
}

/** Returns the faults on a host, in order. */
export function faultsOn(events: readonly TimelineEvent[], host: string, endMs: number): FaultShade[] {
  const shades: (FaultShade & { fault: string; isOpen: boolean })[] = [];
  for (const [index, event] of events.entries()) {
    if (event.witness !== 'fault' || event.host !== host || !('fault' in event)) continue;
    if (event.event === 'fault:apply') {
      const family = /\bfamily=([46])\b/.exec(event.options)?.[1];
      const name = event.fault.replace(` ${host}`, '');
      const words = [name, event.options.replace(/\bfamily=[46]\b/, '').trim()].filter((word) => word !== '').join(' ');
      shades.push({ fault: event.fault, isOpen: true, family: family === undefined ? null : Number(family), healing: null, mark: { fromMs: event.tMs, toMs: endMs, tone: 'failed', look: 'shade', labels: [words, name], title: `Fault ${event.fault} ${event.options}`.trim(), events: [index] } });
      continue;
    }
    const shade = shades.findLast(({ fault }) => fault === event.fault);
    if (!shade) continue;
    shade.mark.events = [...shade.mark.events, index];
    if (event.event === 'fault:verified') shade.mark.title += `; seen after ${duration(event.tMs - shade.mark.fromMs)}: ${event.observed}`;
    else if (event.event === 'fault:unverified') shade.mark.title += `; NOT seen: ${event.observed}`;
    else if (event.event === 'fault:heal') {
      shade.mark.toMs = event.tMs;
      shade.healing = { fromMs: event.tMs, toMs: endMs, tone: 'healed', look: 'healing', labels: ['heals'], title: `Heal ${event.fault}`, events: [index] };
    }
    else if (shade.healing) {
      const ms = duration(event.tMs - shade.healing.fromMs);
      const isHealed = event.event === 'fault:healed';
      Object.assign(shade.healing, { toMs: event.tMs, labels: isHealed ? [`healed after ${ms}`, 'healed'] : ['NOT healed'], title: `${event.fault}: ${isHealed ? `healed after ${ms}` : 'NOT healed'} (${event.observed})`, events: [...shade.healing.events, index] });
    }
  }
  return shades;
}

/** The shades of faults, and of their healing, in order. */
export function shadesOf(faults: readonly FaultShade[]): Mark[] {
  return faults.flatMap(({ mark, healing }) => (healing ? [mark, healing] : [mark])).sort((one, other) => one.fromMs - other.fromMs);
}

/** Remarks, and changes of a server that are not faults. */
export function flagsOn(events: readonly TimelineEvent[], host: string): Mark[] {
  return events.flatMap((event, index): Mark[] => {
    const text =
      event.event === 'lab:note' ? event.text
      : event.event === 'lab:process-trouble' ? `${event.process} ${event.reason}`
      : event.event === 'dns:policy' ? event.change
      : event.event === 'backend:behaviour' ? event.change
      : event.event === 'backend:stopping' ? 'SIGTERM: stops accepting'
      : event.event === 'backend:hand-over' ? `hands over, drains ${event.connections}`
      : null;
    if (text === null || event.host !== host || event.tMs < 0) return [];
    return [{ fromMs: event.tMs, toMs: event.tMs, tone: event.event === 'lab:process-trouble' ? 'failed' : 'note', look: 'flag', labels: [text, text.slice(0, 24), ...(text.length > 12 ? [text.slice(0, 12)] : [])], title: text, events: [index] }];
  });
}
