/** Colours where a person looks: on a terminal, unless NO_COLOR (no-color.org) says otherwise. FORCE_COLOR overrules, for recordings. */
import picocolors from 'picocolors';

const { NO_COLOR, FORCE_COLOR } = process.env;

export const pc = picocolors.createColors(FORCE_COLOR ? true : !NO_COLOR && process.stdout.isTTY);
