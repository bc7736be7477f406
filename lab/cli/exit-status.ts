/** The exit statuses of commands, beside those of a run (`exitStatusOf`) and of a command that a signal has ended (interrupt.ts). */

/** Some runs of a plan were not made, so nobody knows what they would have shown. This goes before every other result of `lab merge`. */
export const incompleteStatus = 4;
