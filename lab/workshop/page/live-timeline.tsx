/** The timeline, which grows as things happen. It is the one of timeline.html. */
import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { findingsOf } from '../../analysis/findings.ts';
import { hostsOfLab } from '../../picture/hosts-of.ts';
import type { PageData } from '../../picture/page-data.ts';
import { showPicture } from '../../picture/page/view.ts';
import type { TimelineEvent } from '../../vocabulary/events.ts';
import { events, hello, version } from './store.ts';

/** Ways to look at it: the newest part, or all. */
const parts = { 'last 20 s': 20_000, 'last minute': 60_000, all: Infinity } as const;
type Part = keyof typeof parts;

/** A picture takes some ms to make, and 100 or more with many events. It is made again after it has rested for so many times as long. */
const restFactor = 4;
const leastRestMs = 250;

export function LiveTimeline() {
  const place = useRef<HTMLDivElement>(null);
  const part = useSignal<Part>('last minute');
  const stopped = useSignal(false);

  useEffect(() => {
    const stage = place.current;
    const topology = hello.value?.topology;
    if (!stage || !topology) return undefined;
    const data = (): PageData['runs'] => {
      const chosen = chosenOf(events, parts[part.value]);
      return [{ name: 'the lab', events: chosen, findings: findingsOf(chosen, topology), hosts: hostsOfLab(topology), startMs: 0 }];
    };
    const over = new AbortController();
    const show = showPicture(stage, { runs: data(), shiftsMs: [0] }, { isUp: true, signal: over.signal });
    let seen = '';
    let timer: number | undefined;
    const again = (): void => {
      const key = `${version.value} ${part.value}`;
      const beganMs = performance.now();
      if (key !== seen && !stopped.value && !document.hidden) {
        seen = key;
        show(data());
      }
      timer = window.setTimeout(again, Math.max(leastRestMs, (performance.now() - beganMs) * restFactor));
    };
    again();
    return () => {
      window.clearTimeout(timer);
      over.abort();
      stage.replaceChildren();
    };
  }, []);

  return (
    <>
      <div class="bar">
        <label>Show <select value={part.value} onChange={({ currentTarget }) => { part.value = currentTarget.value as Part; }}>{Object.keys(parts).map((name) => <option key={name} value={name}>{name}</option>)}</select></label>
        <button type="button" aria-pressed={stopped.value} onClick={() => { stopped.value = !stopped.value; }}>Hold still</button>
      </div>
      <div ref={place} id="stage" />
    </>
  );
}

/** The events of the last `lengthMs` before the newest one, and the faults that were put in force before and may still be. */
function chosenOf(all: readonly TimelineEvent[], lengthMs: number): TimelineEvent[] {
  const newestMs = all.at(-1)?.tMs ?? 0;
  return all.filter(({ tMs, witness }) => tMs >= 0 && (tMs >= newestMs - lengthMs || witness === 'fault'));
}
