/** The script of timeline.html and compare.html: reads the data that the page holds, and shows it. */
import { readData } from './data.ts';
import { element } from './elements.ts';
import { showPicture } from './view.ts';

const stage = document.getElementById('stage');
if (stage) {
  readData().then((data) => showPicture(stage, data)).catch((error: unknown) => {
    stage.append(element('p', { class: 'note' }, `The picture cannot be drawn: ${error instanceof Error ? error.message : String(error)}. The list below has the same events.`));
  });
}
