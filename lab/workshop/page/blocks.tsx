/** The text of a lesson. Its links lead to files of the project, which this page does not serve, so they are shown as text. */
import { partsOf } from '../../lessons/inline.ts';
import type { Block } from '../../lessons/lesson.ts';

export function Inline({ text }: { text: string }) {
  return <>{partsOf(text).map((part, index) => (part.kind === 'code' ? <code key={index}>{part.text}</code> : part.kind === 'emphasis' ? <em key={index}>{part.text}</em> : <span key={index}>{part.text}</span>))}</>;
}

export function Blocks({ blocks }: { blocks: readonly Block[] }) {
  // Items that follow one another are one list.
  const groups = blocks.reduce<Block[][]>((all, block) => {
    const last = all.at(-1);
    if (block.isItem && last?.[0]?.isItem) last.push(block);
    else all.push([block]);
    return all;
  }, []);
  return <>{groups.map((group, index) => (group[0]?.isItem ? <ul key={index}>{group.map(({ text }) => <li key={text}><Inline text={text} /></li>)}</ul> : <p key={index}><Inline text={group[0]?.text ?? ''} /></p>))}</>;
}
