/** The empty timeline of a lesson: a learner puts marks on it before the run, by pointer or by keyboard, and the run lays the true times over them. */
import type { Signal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { judgeTimes } from '../../lessons/marks.ts';

const [width, height, margin] = [760, 84, 20];
const atFirstMs = 8_000;
const stepMs = 100;
const mostMarks = 12;

interface Ruler {
  marksMs: Signal<readonly number[]>;
  withinMs: number;
  /** Null before the run. */
  trueMs: readonly number[] | null;
  isOpen: boolean;
}

export function MarksRuler({ marksMs, withinMs, trueMs, isOpen }: Ruler) {
  const svg = useRef<SVGSVGElement>(null);
  const dragged = useRef<number | null>(null);
  const endMs = Math.max(atFirstMs, ...(trueMs ?? []).map((ms) => ms + 500));
  const xOf = (ms: number): number => margin + (ms / endMs) * (width - 2 * margin);
  const msAt = ({ clientX }: PointerEvent): number => {
    const box = svg.current?.getBoundingClientRect();
    const x = box ? ((clientX - box.left) / box.width) * width : margin;
    return clamp(Math.round((((x - margin) / (width - 2 * margin)) * endMs) / stepMs) * stepMs);
  };
  const clamp = (ms: number): number => Math.min(Math.max(ms, 0), endMs);
  const change = (index: number, to: (ms: number) => number): void => { marksMs.value = marksMs.value.map((each, at) => (at === index ? clamp(to(each)) : each)); };
  const add = (ms: number): void => { if (marksMs.value.length < mostMarks) marksMs.value = [...marksMs.value, ms]; };
  const remove = (index: number): void => { marksMs.value = marksMs.value.filter((_, at) => at !== index); };
  const judged = trueMs && judgeTimes(trueMs, withinMs, marksMs.value);
  const keys = (index: number) => (event: KeyboardEvent): void => {
    const by = { ArrowRight: stepMs, ArrowUp: stepMs, ArrowLeft: -stepMs, ArrowDown: -stepMs, PageUp: 10 * stepMs, PageDown: -10 * stepMs }[event.key];
    if (event.key === 'Delete' || event.key === 'Backspace') remove(index);
    else if (by === undefined) return;
    else change(index, (ms) => ms + by);
    event.preventDefault();
  };
  return (
    <div class="ruler">
      <p class="note">{isOpen ? 'Put a mark where you expect each one: click on the line, drag a mark, or use the arrow keys; Delete removes it.' : judged ? `${judged.times.filter(({ isNear }) => isNear).length} of ${judged.times.length} times have a mark within ${withinMs} ms${judged.tooMany.length > 0 ? `; ${judged.tooMany.length} marks are near to none` : ''}.` : ''}</p>
      <svg ref={svg} viewBox={`0 0 ${width} ${height}`} role="group" aria-label="The empty timeline, in seconds"
        onPointerDown={(event) => { if (isOpen && dragged.current === null) { add(msAt(event)); dragged.current = marksMs.value.length - 1; svg.current?.setPointerCapture(event.pointerId); } }}
        onPointerMove={(event) => { if (dragged.current !== null) change(dragged.current, () => msAt(event)); }}
        onPointerUp={() => { dragged.current = null; }} onPointerCancel={() => { dragged.current = null; }}>
        <line class="axis" x1={margin} x2={width - margin} y1="52" y2="52" />
        {Array.from({ length: Math.floor(endMs / 1_000) + 1 }, (_, second) => <g key={second}><line class="axis" x1={xOf(second * 1_000)} x2={xOf(second * 1_000)} y1="52" y2="57" /><text x={xOf(second * 1_000)} y="72" text-anchor="middle">{second} s</text></g>)}
        {judged?.times.map(({ trueMs: ms, isNear }, index) => <g key={`true-${index}`} class={isNear ? 'near' : 'far'}><rect x={xOf(ms - withinMs)} width={xOf(ms + withinMs) - xOf(ms - withinMs)} y="30" height="22" /><line x1={xOf(ms)} x2={xOf(ms)} y1="18" y2="52" /><text x={xOf(ms)} y="12" text-anchor="middle">{(ms / 1_000).toFixed(2)}</text></g>)}
        {marksMs.value.map((ms, index) => (
          <g key={index} class="mark" role="slider" tabindex={isOpen ? 0 : -1} aria-label={`Mark ${index + 1}`} aria-valuemin={0} aria-valuemax={endMs} aria-valuenow={ms} aria-valuetext={`${(ms / 1_000).toFixed(1)} seconds`} onKeyDown={isOpen ? keys(index) : undefined}
            onPointerDown={(event) => { if (isOpen) { dragged.current = index; svg.current?.setPointerCapture(event.pointerId); event.stopPropagation(); } }}>
            <path d={`M${xOf(ms)} 52l-7 -14h14z`} />
          </g>
        ))}
      </svg>
      {isOpen && <button type="button" onClick={() => { add(Math.min((marksMs.value.at(-1) ?? 0) + 1_000, endMs)); }}>Add a mark</button>}
    </div>
  );
}
