/** Changes nothing: the control run. Its effect is that the server still answers. */
import { defineFault } from './fault.ts';

export const noop = defineFault({
  summary: 'changes nothing: the control run',
  effect: 'nothing: the server still answers',
  on: ['backend', 'dns'],
  options: {},
  harmless: true,
  apply: () => Promise.resolve(() => Promise.resolve()),
  observe: (target) => target.probe.answers(target.name, { limitMs: 0 }),
});
