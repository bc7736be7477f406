/** Changes nothing: the control run. Its effect is that the server goes on answering. */
import { defineFault } from './fault.ts';

export const noop = defineFault({
  summary: 'nothing at all: the control run',
  effect: 'none: the server goes on answering',
  on: ['backend', 'dns'],
  options: {},
  harmless: true,
  apply: () => Promise.resolve(() => Promise.resolve()),
  observe: (target) => target.probe.answers(target.name, 0),
});
