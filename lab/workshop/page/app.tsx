/** The parts of the page, and its head: who watches, who leads, whether the lab is up. */
import { useSignal } from '@preact/signals';
import { act, waiting } from './act.ts';
import { DnsTable } from './dns-table.tsx';
import { Hands } from './hands.tsx';
import { Lessons } from './lessons.tsx';
import { Lines } from './lines.tsx';
import { NetworkPicture } from './network-picture.tsx';
import { complaint, hello, link, state, view } from './store.ts';
import { LiveTimeline } from './live-timeline.tsx';

const linkTexts = { connecting: 'connecting …', live: 'live', lost: 'the lab does not answer; trying again …', down: 'the lab is down' };

export function App() {
  const { value: told } = hello;
  const { value: now } = state;
  return (
    <>
      <header>
        <h1>Workshop</h1>
        <p class={`link ${link.value}`} role="status">{linkTexts[link.value]}</p>
        {told && <p class="meta">{told.driver} · {told.url}</p>}
        {now && <Who />}
      </header>
      <p class="complaint" role="alert">{complaint.value}</p>
      {told && now && (
        <main>
          <nav class="bar" aria-label="What this page shows">
            {([['hand', 'The lab by hand'], ['lessons', 'Lessons']] as const).map(([name, text]) => <button key={name} type="button" aria-pressed={view.value === name} onClick={() => { view.value = name; }}>{text}</button>)}
          </nav>
          {view.value === 'lessons' ? <Lessons /> : <ByHand />}
        </main>
      )}
      <p class="busy" aria-live="polite">{waiting.value > 0 ? 'the lab is working …' : ''}</p>
    </>
  );
}

function ByHand() {
  const { value: now } = state;
  if (!now) return null;
  return (
    <>
      <div class="columns">
        <div>
          <section aria-label="The network"><h2>The network now</h2><NetworkPicture /></section>
          <section aria-label="DNS"><h2>DNS</h2><DnsTable /></section>
        </div>
        <section aria-label="Commands">{now.mayAct ? <Hands /> : <p class="note">This browser watches. The leader gives the commands.</p>}<Lines /></section>
      </div>
      <section aria-label="Timeline"><h2>The timeline</h2><LiveTimeline /></section>
      {now.doubts.length > 0 && <section aria-label="Doubts"><h2>Doubts</h2><ul>{now.doubts.map((doubt) => <li key={doubt}>{doubt}</li>)}</ul></section>}
    </>
  );
}

/** Who watches, and what a leader can do about it. */
function Who() {
  const { value: now } = state;
  const invitation = useSignal('');
  const saved = useSignal('');
  if (!now) return null;
  return (
    <div class="who bar">
      <span>{now.watchers === 1 ? '1 browser' : `${now.watchers} browsers`} · {now.isLeader ? 'this one leads' : now.mayAct ? 'this one may give commands' : 'this one watches'}</span>
      {now.isLeader && hello.value?.canShare && (
        <>
          <label><input type="checkbox" checked={now.isShared} onChange={({ currentTarget }) => void act('share', { all: currentTarget.checked })} /> all may give commands</label>
          <button type="button" onClick={() => void act('invite', {}).then((result) => { invitation.value = result ?? ''; })}>Link for another browser</button>
        </>
      )}
      {now.mayAct && <button type="button" onClick={() => void act('save', {}).then((result) => { saved.value = result ?? ''; })}>Save the session</button>}
      {invitation.value !== '' && <span class="result">Open this once in the other browser: <code>{invitation.value}</code></span>}
      {saved.value !== '' && <span class="result">Saved to <code>{saved.value}</code></span>}
    </div>
  );
}
