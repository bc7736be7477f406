/** The page of the workshop. */
import { render } from 'preact';
import { App } from './app.tsx';
import { listen } from './store.ts';

const place = document.getElementById('app');
if (place) {
  place.replaceChildren();
  render(<App />, place);
  listen();
}
