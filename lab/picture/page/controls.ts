/** Keys and pointer on the timeline. Keys go by their place on the keyboard (`event.code`), so that they are the same on every layout. */
import { keyHelp } from '../key-help.ts';
import { element } from './elements.ts';
import type { Found, Timeline } from './timeline.ts';

/** What a user can do besides moving the picture. */
export interface Actions {
  /** Shows the details of a mark. */
  show(found: Found): void;
  /** Opens the ladder of a request. */
  open(request: number): void;
  /** The request before or after the one that is open. */
  step(by: number): void;
  /** Closes the ladder and takes all filters away. */
  clear(): void;
  toggleTrue(): void;
}

/** The keys that a page has: without requests, some do nothing. */
export function keyList(hasRequests: boolean): HTMLElement {
  return element('p', { class: 'keys', id: 'keys' }, ...keyHelp.filter(([, , about]) => about === undefined || hasRequests).flatMap(([key, what], index) => [...(index > 0 ? [' · '] : []), element('kbd', {}, key), ` ${what}`]), ' · drag, or Ctrl and the wheel');
}

/** `signal` ends it, where the page shows another picture next. */
export function listen(frame: HTMLElement, timeline: Timeline, actions: Actions, signal?: AbortSignal): void {
  const whileShown = signal ? { signal } : {};
  const moves: Record<string, () => void> = {
    KeyW: () => { timeline.zoom(1 / 1.6); },
    KeyS: () => { timeline.zoom(1.6); },
    Equal: () => { timeline.zoom(1 / 1.6); },
    NumpadAdd: () => { timeline.zoom(1 / 1.6); },
    Minus: () => { timeline.zoom(1.6); },
    NumpadSubtract: () => { timeline.zoom(1.6); },
    KeyA: () => { timeline.pan(-0.25); },
    KeyD: () => { timeline.pan(0.25); },
    Digit0: () => { timeline.showAll(); },
    Numpad0: () => { timeline.showAll(); },
    KeyL: actions.toggleTrue,
    KeyN: () => { actions.step(1); },
    KeyP: () => { actions.step(-1); },
    Escape: actions.clear,
  };
  /** Only on the picture itself: elsewhere these keys scroll the page or press a button. */
  const onPicture: Record<string, () => void> = {
    ArrowRight: () => { go(0, 1); },
    ArrowLeft: () => { go(0, -1); },
    ArrowDown: () => { go(1, 0); },
    ArrowUp: () => { go(-1, 0); },
    Home: () => { timeline.showAll(); },
    Enter: openCurrent,
    Space: openCurrent,
  };

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.target instanceof HTMLElement && event.target.closest('select,input,textarea'))) return;
    const act = moves[event.code] ?? (document.activeElement === frame ? onPicture[event.code] : undefined);
    if (!act) return;
    event.preventDefault();
    act();
  }, whileShown);

  function openCurrent(): void {
    if (timeline.current?.mark.request !== undefined) actions.open(timeline.current.mark.request);
  }

  function go(rows: number, marks: number): void {
    const all = timeline.visible();
    const at = all.findIndex((row) => row.some(({ id }) => id === timeline.current?.id));
    if (at < 0) {
      const first = all[0]?.[0];
      if (first) choose(first);
      return;
    }
    const row = all[Math.min(Math.max(at + rows, 0), all.length - 1)] ?? [];
    const place = row.findIndex(({ id }) => id === timeline.current?.id);
    const now = timeline.current?.mark.fromMs ?? 0;
    const next = place >= 0 ? row[Math.min(Math.max(place + marks, 0), row.length - 1)] : row.toSorted((one, other) => Math.abs(one.mark.fromMs - now) - Math.abs(other.mark.fromMs - now))[0];
    if (next) choose(next);
  }

  function choose(found: Found): void {
    timeline.current = found;
    actions.show(found);
    timeline.redraw();
  }

  frame.addEventListener('wheel', (event) => {
    if (event.ctrlKey || event.metaKey) timeline.zoom(Math.exp(Math.max(Math.min(event.deltaY, 60), -60) / 120), timeline.partAt(event.clientX, event.clientY).part, false);
    else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) timeline.pan(event.deltaX / frame.clientWidth, false);
    else return;
    event.preventDefault();
  }, { passive: false });

  let drag: { x: number; moved: boolean; isStrip: boolean } | null = null;
  timeline.svg.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    const { part, isStrip } = timeline.partAt(event.clientX, event.clientY);
    drag = { x: event.clientX, moved: false, isStrip };
    if (isStrip) timeline.centre(part);
  });
  addEventListener('pointermove', (event) => {
    if (!drag) return;
    const by = event.clientX - drag.x;
    if (drag.isStrip) timeline.centre(timeline.partAt(event.clientX, event.clientY).part);
    else if (drag.moved || Math.abs(by) > 4) {
      drag = { ...drag, x: event.clientX, moved: true };
      timeline.pan(-by / (timeline.layout?.plotWidth ?? 1), false);
    }
  }, whileShown);
  let wasMoved = false;
  addEventListener('pointerup', () => {
    wasMoved = drag?.moved === true || drag?.isStrip === true;
    drag = null;
  }, whileShown);
  addEventListener('pointercancel', () => { drag = null; }, whileShown);
  timeline.svg.addEventListener('click', (event) => {
    const found = timeline.markOf(event.target);
    if (wasMoved || !found) return;
    choose(found);
    if (found.mark.request !== undefined) actions.open(found.mark.request);
  });
  timeline.svg.addEventListener('pointerover', (event) => {
    const found = drag ? null : timeline.markOf(event.target);
    if (found) actions.show(found);
  });
}
