/** Writes more lines than a pipe holds, and ends at once. */
import { endProcess, writeLine } from './control.ts';

for (let number = 1; number <= 2_000; number++) writeLine({ number, text: 'x'.repeat(1_000) });
endProcess(7);
