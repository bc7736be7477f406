/** Changes nothing: the control run. Its effect is that the backend goes on answering. */
import { defineFault } from './fault.ts';

export const noop = defineFault({
  summary: 'nothing at all: the control run',
  effect: 'none: the backend goes on answering',
  options: {},
  harmless: true,
  apply: () => Promise.resolve(() => Promise.resolve()),
  observe: (target) => target.probe.backendAnswers(target.name, 0),
});
