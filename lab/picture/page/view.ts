/** The picture on a page, with its buttons, its details and its ladder. */
import { drawLadder } from '../draw/ladder.ts';
import { ladderOf } from '../ladder.ts';
import type { Section } from '../model.ts';
import type { PageData } from '../page-data.ts';
import { sectionOf, shifted } from '../picture.ts';
import { keyList, listen } from './controls.ts';
import { detailsOf } from './details.ts';
import { button, element, select, svgElement, type Choice } from './elements.ts';
import { Timeline, type Found } from './timeline.ts';

export interface ViewOptions {
  /** Whether the axis is true to time at first. */
  isTrue?: boolean;
  /** Whether the picture is of a lab that is still up. */
  isUp?: boolean;
  /** Ends it, where the page shows another picture next. */
  signal?: AbortSignal;
}

/** Fills `place`. Returns the function that shows other runs in it, for a lab that is still up: what was chosen, zoomed and filtered stays. */
export function showPicture(place: HTMLElement, { runs: atFirst, shiftsMs }: PageData, { isTrue = false, isUp = false, signal }: ViewOptions = {}): (runs: PageData['runs']) => void {
  let runs = atFirst;
  const sectionsNow = (): Section[] => runs.map((run, index) => shifted(sectionOf(run), shiftsMs[index] ?? 0));
  let sections = sectionsNow();
  const requestsNow = () => sections.flatMap((section, run) => section.requests.map((asked) => ({ ...asked, run })));
  let all = requestsNow();
  // A capture from elsewhere has no requests to choose from. A lab that is up may have its first one later.
  const asks = isUp || all.length > 0;
  /** `2`, or `b2` in the second run of a comparison. */
  const wordOf = ({ run, request }: { run: number; request: number }): string => `${run > 0 ? String.fromCharCode(97 + run) : ''}${request}`;

  const frame = element('div', { id: 'picture', tabindex: '0', role: 'application', 'aria-label': 'Timeline of the run. The arrow keys go from mark to mark.', 'aria-describedby': 'keys' });
  const details = element('div', { id: 'details', role: 'region', 'aria-label': 'Details of the mark', 'aria-live': 'polite', tabindex: '0' }, element('p', { class: 'what' }, `Point at a mark, or go to one with the arrow keys, to see its events.${asks ? ' A click opens its request as a ladder.' : ''}`), keyList(asks));
  const ladder = element('section', { id: 'ladder', 'aria-live': 'polite' });
  const timeline = new Timeline(frame, sections);
  let opened: (typeof all)[number] | null = null;

  const truth = button('True to time', 'True to time', 'L', toggleTrue);
  truth.setAttribute('aria-pressed', 'false');
  const requestChoices = (): Choice[] => [['', 'all'], ...all.map((each): Choice => [wordOf(each), `#${wordOf(each)}`])];
  const hostChoices = (): Choice[] => [['', 'all'], ...[...new Set(sections.flatMap(({ lanes }) => lanes.map(({ name }) => name)))].filter((name) => name !== 'caller').map((name): Choice => [name, name])];
  const requests = select('Request', requestChoices(), (word) => { location.hash = word === '' ? '' : `request=${word}`; });
  const hosts = select('Host', hostChoices(), (name) => {
    timeline.host = name;
    timeline.redraw();
  });
  const bar = element('div', { class: 'bar', role: 'toolbar', 'aria-label': 'What the timeline shows' },
    button('+', 'Zoom in', 'W', () => { timeline.zoom(1 / 1.6); }),
    button('−', 'Zoom out', 'S', () => { timeline.zoom(1.6); }),
    button('←', 'Move left', 'A', () => { timeline.pan(-0.25); }),
    button('→', 'Move right', 'D', () => { timeline.pan(0.25); }),
    button('All', 'Show all', '0', () => { timeline.showAll(); }),
    truth, ...(asks ? [requests.label, requests.select] : []), hosts.label, hosts.select);
  place.append(bar, frame, details, ladder);

  function toggleTrue(): void {
    timeline.toggleTrue();
    truth.setAttribute('aria-pressed', String(timeline.isTrue));
  }

  function show({ mark, section }: Found): void {
    details.replaceChildren(...detailsOf(mark.title, mark.events.map((index) => runs[section]?.events[index])));
    details.scrollTop = 0;
  }

  function open(request: number): void {
    const run = timeline.current?.section ?? 0;
    location.hash = `request=${wordOf({ run, request })}`;
  }

  function step(by: number): void {
    const at = opened === null ? (by > 0 ? -1 : all.length) : all.indexOf(opened);
    const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
    if (next) location.hash = `request=${wordOf(next)}`;
  }

  function clear(): void {
    timeline.current = null;
    timeline.host = hosts.select.value = '';
    if (location.hash === '') timeline.redraw();
    location.hash = '';
    timeline.showAll();
  }

  listen(frame, timeline, { show, open, step, clear, toggleTrue }, signal);
  if (isTrue) toggleTrue();

  /** Opens what the link names: `#request=2`. */
  function follow(): void {
    const word = /^#request=([a-z]?\d+)$/.exec(location.hash)?.[1];
    opened = all.find((each) => wordOf(each) === word) ?? null;
    requests.select.value = opened ? wordOf(opened) : '';
    timeline.request = opened ?? undefined;
    timeline.redraw();
    drawOpened();
  }

  function drawOpened(): void {
    const run = opened && runs[opened.run];
    const made = run && opened ? ladderOf(run, opened.request) : null;
    if (!made || !opened) {
      ladder.replaceChildren();
      return;
    }
    const width = Math.max(Math.floor(ladder.clientWidth), 280);
    const { inner, height } = drawLadder(made, width, (index) => `l-${index}`);
    const svg = svgElement({ viewBox: `0 0 ${width} ${height}`, role: 'group', 'aria-label': made.title });
    svg.innerHTML = inner;
    const at = opened;
    const close = button('Close', 'Close the ladder', 'Esc', clear);
    const zoom = element('button', { type: 'button' }, 'Show it above');
    zoom.addEventListener('click', () => { timeline.showMs(at.fromMs, at.toMs); });
    svg.addEventListener('pointerover', ({ target }) => {
      const id = target instanceof Element ? target.closest('[id^="l-"]')?.id : undefined;
      const found = id === undefined ? undefined : made.steps[Number(id.slice(2))];
      if (found) details.replaceChildren(...detailsOf(found.text, [run?.events[found.index]]));
    });
    ladder.replaceChildren(element('h2', {}, made.title), element('div', { class: 'bar' }, zoom, close), svg);
  }

  new ResizeObserver(() => { if (opened) drawOpened(); }).observe(place);
  addEventListener('hashchange', follow, signal ? { signal } : {});
  follow();

  return (newer) => {
    runs = newer;
    sections = sectionsNow();
    all = requestsNow();
    timeline.replace(sections);
    requests.choose(requestChoices());
    hosts.choose(hostChoices());
    const was = opened;
    opened = was && (all.find((each) => wordOf(each) === wordOf(was)) ?? null);
    timeline.request = opened ?? undefined;
    if (opened) drawOpened();
  };
}
