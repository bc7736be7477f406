/** The faults of the server's process. */
import { drain } from './drain.ts';
import { hotRestart } from './hot-restart.ts';
import { kill } from './kill.ts';
import { move } from './move.ts';
import { pause } from './pause.ts';
import { restart } from './restart.ts';
import { stop } from './stop.ts';

export const processFaults = { stop, drain, kill, pause, restart, 'hot-restart': hotRestart, move };
