/** The timeline on the page: what of it is visible, and drawing it. Nothing here listens to the user: lab/picture/page/controls.ts does. */
import { drawForPage, markId, type Drawn } from '../draw/draw.ts';
import { visibleRange, visibleMs } from '../draw/view.ts';
import { layers, type Lane, type Layer, type Mark, type PicturedRequest, type Section } from '../model.ts';
import { scaleOver } from '../picture.ts';
import type { Scale } from '../scale.ts';
import { svgElement } from './elements.ts';

/** A mark, and where in the picture it is. */
export interface Found {
  mark: Mark;
  id: string;
  section: number;
  lane: number;
  row: number;
}

/** The shortest time that fills the width. Clocks agree to a tenth of a millisecond or so. */
const leastMs = 0.2;
const animationMs = 140;

export class Timeline {
  readonly svg = svgElement({ 'aria-hidden': 'false' });
  sections: readonly Section[];
  readonly #frame: HTMLElement;
  /** Both scales of a long run take some milliseconds to make. */
  #scales: Record<Scale['kind'], Scale>;
  #scale: Scale;
  #from = 0;
  #to = 1;
  #width = 0;
  #drawn: Drawn | null = null;
  #isAsked = false;
  #goal: { from: number; to: number; fromFrom: number; fromTo: number; startedMs: number } | null = null;
  /** Only lanes of this name are drawn, and that of the caller. */
  host = '';
  request: PicturedRequest | undefined;
  current: Found | null = null;

  constructor(frame: HTMLElement, sections: readonly Section[]) {
    this.sections = sections;
    this.#frame = frame;
    this.#scales = scalesOf(sections);
    this.#scale = this.#scales.warped;
    frame.append(this.svg);
    new ResizeObserver(() => { this.redraw(); }).observe(frame);
  }

  /** Shows other sections: those of a lab that is still up. The same time stays visible, unless all was. */
  replace(sections: readonly Section[]): void {
    const [fromMs, toMs] = [this.#scale.msAt(this.#from), this.#scale.msAt(this.#to)];
    const wasWhole = this.isWhole;
    this.sections = sections;
    this.#scales = scalesOf(sections);
    this.#scale = this.#scales[this.#scale.kind];
    // The marks have other places now.
    this.current = null;
    this.#goal = null;
    if (!wasWhole) [this.#from, this.#to] = [this.#scale.placeOf(fromMs), this.#scale.placeOf(toMs)];
    this.redraw();
  }

  get isTrue(): boolean { return this.#scale.kind === 'true to time'; }
  get isWhole(): boolean { return this.#from === 0 && this.#to === 1; }
  get layout(): Drawn['layout'] | undefined { return this.#drawn?.layout; }

  /** Switches between the two scales. The same time stays visible. */
  toggleTrue(): void {
    const [fromMs, toMs] = [this.#scale.msAt(this.#from), this.#scale.msAt(this.#to)];
    const wasWhole = this.isWhole;
    this.#scale = this.#scales[this.isTrue ? 'warped' : 'true to time'];
    this.#goal = null;
    [this.#from, this.#to] = wasWhole ? [0, 1] : [this.#scale.placeOf(fromMs), this.#scale.placeOf(toMs)];
    this.redraw();
  }

  /** Makes the visible part wider or narrower by a factor. `at` is the part of the plot that stays where it is, from 0 to 1. */
  zoom(factor: number, at = 0.5, isSmooth = true): void {
    const { from, to } = this.#goal ?? { from: this.#from, to: this.#to };
    const width = Math.min((to - from) * factor, 1);
    const fixed = from + (to - from) * at;
    this.#show(fixed - width * at, fixed + width * (1 - at), isSmooth);
  }

  /** Moves the visible part by so many times its width. */
  pan(by: number, isSmooth = true): void {
    const { from, to } = this.#goal ?? { from: this.#from, to: this.#to };
    this.#show(from + by * (to - from), to + by * (to - from), isSmooth);
  }

  showAll(): void { this.#show(0, 1, true); }

  /** Shows a time, with some room at both sides. */
  showMs(fromMs: number, toMs: number): void {
    const [from, to] = [this.#scale.placeOf(fromMs), this.#scale.placeOf(toMs)];
    const room = Math.max((to - from) * 0.06, 0.0005);
    this.#show(from - room, to + room, true);
  }

  /** Moves the visible part to have a place of the strip (0 to 1, true to time) in its middle. */
  centre(part: number): void {
    const place = this.#scale.placeOf(this.#scale.startMs + part * (this.#scale.endMs - this.#scale.startMs));
    const half = (this.#to - this.#from) / 2;
    this.#show(place - half, place + half, false);
  }

  #show(from: number, to: number, isSmooth: boolean): void {
    let width = Math.min(to - from, 1);
    const begin = Math.min(Math.max(from, 0), 1 - width);
    const middleMs = this.#scale.msAt(begin + width / 2);
    const least = this.#scale.placeOf(middleMs + leastMs / 2) - this.#scale.placeOf(middleMs - leastMs / 2);
    width = Math.min(Math.max(width, least), 1);
    const target = { from: Math.min(begin, 1 - width), to: Math.min(begin, 1 - width) + width };
    if (isSmooth && !matchMedia('(prefers-reduced-motion: reduce)').matches) {
      this.#goal = { ...target, fromFrom: this.#from, fromTo: this.#to, startedMs: performance.now() };
    } else {
      this.#goal = null;
      [this.#from, this.#to] = [target.from, target.to];
    }
    this.redraw();
  }

  /** Draws with the next frame. */
  redraw(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    requestAnimationFrame((nowMs) => {
      this.#isAsked = false;
      const goal = this.#goal;
      if (goal) {
        const part = Math.min(Math.max((nowMs - goal.startedMs) / animationMs, 0), 1);
        const eased = 1 - (1 - part) ** 3;
        this.#from = goal.fromFrom + (goal.from - goal.fromFrom) * eased;
        this.#to = goal.fromTo + (goal.to - goal.fromTo) * eased;
        if (part === 1) this.#goal = null;
        else this.redraw();
      }
      this.#draw();
    });
  }

  #draw(): void {
    const width = Math.floor(this.#frame.clientWidth);
    if (width <= 0) return;
    const isShown = (lane: Lane): boolean => this.host === '' || lane.name === this.host || lane.name === 'caller';
    this.#drawn = drawForPage({ sections: this.sections, scale: this.#scale, width, from: this.#from, to: this.#to, request: this.request, isShown });
    const { inner, layout: { height } } = this.#drawn;
    this.#width = width;
    this.svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.svg.innerHTML = inner;
    this.#markCurrent();
  }

  #markCurrent(): void {
    const own = this.current === null ? null : this.svg.querySelector(`#${this.current.id}`);
    this.#frame.toggleAttribute('aria-activedescendant', own !== null);
    if (own === null || this.current === null) return;
    this.#frame.setAttribute('aria-activedescendant', this.current.id);
    const box = (own as SVGGElement).getBBox();
    own.insertAdjacentHTML('beforeend', `<rect class="current" x="${box.x - 2}" y="${box.y - 2}" width="${box.width + 4}" height="${box.height + 4}" rx="3"/>`);
  }

  /** The mark of an element of the picture. */
  markOf(target: EventTarget | null): Found | null {
    const id = target instanceof Element ? target.closest('[id^="m-"]')?.id : undefined;
    return id === undefined ? null : this.byId(id);
  }

  byId(id: string): Found | null {
    const [, section = '', lane = '', row = '', layer = '', index = ''] = id.split('-');
    const mark = this.sections[Number(section)]?.lanes[Number(lane)]?.rows[Number(row)]?.[layer as Layer][Number(index)];
    return mark ? { mark, id, section: Number(section), lane: Number(lane), row: Number(row) } : null;
  }

  /** The marks that a reader can go to now, row by row, in the order of time. */
  visible(): Found[][] {
    if (!this.#drawn) return [];
    const range = visibleMs(this.#drawn.view);
    return this.#drawn.layout.sections.flatMap(({ section, lanes }, place) =>
      lanes.flatMap(({ lane, rows }) =>
        rows.map(({ row }): Found[] => {
          const [at, of] = [section.lanes.indexOf(lane), lane.rows.indexOf(row)];
          const found = layers.flatMap((layer) => {
            const [first, end] = visibleRange(row[layer], range);
            return row[layer].slice(first, end).flatMap((mark, offset) => {
              const id = markId(place, at, of, layer, first + offset);
              return this.svg.querySelector(`#${id}`) ? [{ mark, id, section: place, lane: at, row: of }] : [];
            });
          });
          return found.sort((one, other) => one.mark.fromMs - other.mark.fromMs);
        }),
      ),
    ).filter((row) => row.length > 0);
  }

  /** From a pixel of the page to a part of the plot, from 0 to 1, and whether it is on the strip. */
  partAt(clientX: number, clientY: number): { part: number; isStrip: boolean } {
    const box = this.svg.getBoundingClientRect();
    const layout = this.#drawn?.layout;
    if (!layout) return { part: 0, isStrip: false };
    const zoom = this.#width / box.width;
    const [x, y] = [(clientX - box.left) * zoom, (clientY - box.top) * zoom];
    return { part: Math.min(Math.max((x - layout.plotX) / layout.plotWidth, 0), 1), isStrip: y > layout.stripY - 4 };
  }
}

function scalesOf(sections: readonly Section[]): Record<Scale['kind'], Scale> {
  return { warped: scaleOver(sections, 'warped'), 'true to time': scaleOver(sections, 'true to time') };
}
