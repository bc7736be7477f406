/** The commands that were given, each as its line for a terminal. */
import { useEffect, useRef } from 'preact/hooks';
import { said } from './store.ts';

export function Lines() {
  const box = useRef<HTMLOListElement>(null);
  const { value: lines } = said;
  // The newest one stays visible.
  useEffect(() => { box.current?.scrollTo({ top: box.current.scrollHeight }); }, [lines]);
  return (
    <>
      <h3 id="lines">The same in a terminal</h3>
      {lines.length === 0 && <p class="note">Each command that is given here appears as the line that does the same in a terminal.</p>}
      <ol class="lines" ref={box} tabIndex={0} aria-labelledby="lines">
        {lines.map(({ line, result, isError, tMs }, index) => (
          <li key={index}><code>{line === '' ? '(this page alone)' : line}</code> <span class={isError ? 'fail' : 'meta'}>{result}</span> <span class="meta">{(tMs / 1_000).toFixed(1)} s</span></li>
        ))}
      </ol>
    </>
  );
}
