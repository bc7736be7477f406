/** The lessons: the question, the prediction of this browser, then what the run was, and why. A prediction stays in its browser. */
import { useSignal } from '@preact/signals';
import { Fragment } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { showPicture } from '../../picture/page/view.ts';
import type { LessonOutcome, ShownLesson } from '../messages.ts';
import { act } from './act.ts';
import { Blocks, Inline } from './blocks.tsx';
import { MarksRuler } from './marks-ruler.tsx';
import { hello, lesson, state } from './store.ts';

export function Lessons() {
  const told = hello.value;
  const held = lesson.value;
  const client = useSignal('node-fetch');
  if (!told) return null;
  const mayAct = state.value?.mayAct === true;
  const shown = told.lessons.find(({ number }) => number === held?.number);
  return (
    <section aria-label="Lessons">
      <h2>Lessons</h2>
      {mayAct && (
        <div class="bar">
          <label>Lesson <select aria-label="Lesson" value={held?.number ?? ''} disabled={held?.phase === 'runs'} onChange={({ currentTarget }) => { if (currentTarget.value !== '') void act('lesson', { number: Number(currentTarget.value), client: client.value, runs: false }); }}>
            <option value="">choose one</option>
            {told.lessons.map(({ number, title }) => <option key={number} value={number}>{number} {title}</option>)}
          </select></label>
          <label>with <select aria-label="Client of the lesson" value={client.value} onChange={({ currentTarget }) => { client.value = currentTarget.value; }}>{told.clients.map((each) => <option key={each} value={each}>{each}</option>)}</select></label>
        </div>
      )}
      {!shown && <p class="note">{mayAct ? 'Choose a lesson. All browsers then show its question.' : 'The leader chooses a lesson.'}</p>}
      {shown && <Lesson key={shown.number} lesson={shown} client={client.value} mayAct={mayAct} />}
    </section>
  );
}

function Lesson({ lesson: shown, client, mayAct }: { lesson: ShownLesson; client: string; mayAct: boolean }) {
  const predicted = useSignal<string | null>(null);
  const marksMs = useSignal<readonly number[]>([]);
  const held = lesson.value;
  const outcome = held?.phase === 'done' ? held.outcome : null;
  const isOpen = held?.phase === 'asked' || held?.phase === 'failed';
  return (
    <article>
      <h3 class="lesson-title">{shown.number} {shown.title}</h3>
      <Blocks blocks={shown.question} />
      <fieldset class="options"><legend>Your prediction</legend>
        {shown.options.map(({ letter, text }) => (
          <label key={letter} class={outcome?.run === letter ? 'was' : predicted.value === letter ? 'chosen' : ''}>
            <input type="radio" name="prediction" checked={predicted.value === letter} disabled={!isOpen} onChange={() => { predicted.value = letter; }} /> {letter}) <Inline text={text} />
            {outcome && <b>{outcome.run === letter ? ' ← the run' : ''}{predicted.value === letter ? ' ← your prediction' : ''}</b>}
          </label>
        ))}
      </fieldset>
      {shown.marks && <MarksRuler marksMs={marksMs} withinMs={shown.marks.withinMs} trueMs={outcome?.trueMs ?? null} isOpen={isOpen} />}
      {isOpen && mayAct && <button type="button" class="run" disabled={predicted.value === null} onClick={() => void act('lesson', { number: shown.number, client, runs: true })}>{predicted.value === null ? 'Predict first, then run it' : 'Run it'}</button>}
      {isOpen && !mayAct && <p class="note">{predicted.value === null ? 'Choose an option before the leader runs it.' : 'The leader runs it when all have chosen.'}</p>}
      {held?.phase === 'runs' && <p class="note" role="status">The lab runs {shown.scenario} with {held.client} …</p>}
      {held?.phase === 'failed' && <p class="complaint" role="alert">{held.error}</p>}
      {outcome && <Outcome lesson={shown} outcome={outcome} predicted={predicted.value} client={held?.client ?? ''} />}
      {outcome && mayAct && <button type="button" onClick={() => { predicted.value = null; marksMs.value = []; void act('lesson', { number: shown.number, client, runs: false }); }}>Ask it again</button>}
    </article>
  );
}

function Outcome({ lesson: shown, outcome, predicted, client }: { lesson: ShownLesson; outcome: LessonOutcome; predicted: string | null; client: string }) {
  const { undecided, run, answer, options, lookFor, why, numbers, change, whereElse, findings, directory } = outcome;
  if (undecided.length > 0) return <div class="outcome" role="status"><p><b>This run decides nothing.</b></p><ul>{undecided.map((reason) => <li key={reason}>{reason}</li>)}</ul></div>;
  const own = options.find(({ letter }) => letter === predicted);
  const was = options.find(({ letter }) => letter === run);
  return (
    <>
      <div class="outcome" role="status">
        {was
          ? <><p><b>The run was {was.letter}) <Inline text={shown.options.find(({ letter }) => letter === was.letter)?.text ?? ''} /></b></p><Bounds bounds={was.bounds} /></>
          : <><p><b>The run was something else: {options.filter(({ holds }) => holds).length > 1 ? 'several options hold at the same time.' : 'none of the options.'}</b> What was measured:</p><dl>{findings.map(([name, value]) => <Fragment key={name}><dt>{name}</dt><dd>{value}</dd></Fragment>)}</dl></>}
        {own && own.letter === run && <p><b>You predicted it.</b></p>}
        {own && own.letter !== run && <><p>You predicted {own.letter}). The idea behind it: <Inline text={own.idea} /></p><p>For {own.letter}) the run would need:</p><Bounds bounds={own.bounds.filter(({ holds }) => !holds)} /></>}
      </div>
      <LessonPicture outcome={outcome} />
      <h3>Look for</h3><Blocks blocks={lookFor} />
      <h3>Why</h3>{run !== answer && <p class="note">This explains what our client node-fetch does: {answer}). The run was made with {client}.</p>}<Blocks blocks={why} />
      <h3>The numbers in this text, and where they are from</h3>
      <dl>{numbers.map(({ text, from }) => <Fragment key={text}><dt>{text}</dt><dd>{from}</dd></Fragment>)}</dl>
      <h3>Change one thing</h3><pre>{change.command}</pre><Blocks blocks={change.text} />
      <h3>Where else</h3><Blocks blocks={whereElse} />
      <p class="note">Its files are in <code>{directory}</code>.</p>
    </>
  );
}

function Bounds({ bounds }: { bounds: LessonOutcome['options'][number]['bounds'] }) {
  return <ul class="checks">{bounds.map(({ text, holds, seen }) => <li key={text} class={holds ? 'pass' : 'fail'}><b>{holds ? '✔' : '✘'}</b> {text} <span>{seen}</span></li>)}</ul>;
}

function LessonPicture({ outcome: { picture, isTrueToTime } }: { outcome: LessonOutcome }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const stage = place.current;
    if (!stage) return undefined;
    const over = new AbortController();
    showPicture(stage, { runs: [picture], shiftsMs: [0] }, { isTrue: isTrueToTime, signal: over.signal });
    return () => {
      over.abort();
      stage.replaceChildren();
    };
  }, [picture]);
  return <div ref={place} id="stage" />;
}
