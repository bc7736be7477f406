/** The page of a lab by hand: its server, told of everything that happens. */
import type { WorkshopPage } from '../workshop/page-html.ts';
import { startWorkshopServer, type WorkshopServer } from '../workshop/server.ts';
import { messageOf } from '../vocabulary/errors.ts';
import type { LabByHand } from './keep-up.ts';
import { workshopActions } from './workshop-actions.ts';
import { lessonRunner, shownLessons, type LessonSetting } from './workshop-lessons.ts';
import { helloOf, stateOf } from './workshop-state.ts';

/** The state is told when something has changed, at most so often: a look at all hosts starts six short processes. */
const leastRestMs = 300;

export interface OpenOptions {
  page: WorkshopPage;
  /** The lessons, and how they are run. */
  lessons: LessonSetting;
  port: number;
  /** See `WorkshopOptions`. */
  listen?: string;
}

/** A server that is open, and what to call when something of the client has changed. */
export interface OpenWorkshop extends AsyncDisposable {
  server: WorkshopServer;
  onClient(): void;
}

/** @throws {LabError} BAD_INPUT for a port or an address that cannot be had. */
export async function openWorkshop({ lab, timeline, client, commands, write }: Omit<LabByHand, 'end'>, { page, lessons, port, listen }: OpenOptions): Promise<OpenWorkshop> {
  const looking = looker(async () => { server.tell(await stateOf(lab, client)); });
  const server = await startWorkshopServer({
    page,
    hello: { ...(await helloOf(lab)), lessons: shownLessons() },
    actions: workshopActions(commands, { save: async () => (await write()).directory, lesson: lessonRunner(lessons, (state) => { server.stream.setLesson(state); }) }),
    now: () => timeline.now(),
    onChange: looking.look,
    ...(listen !== undefined && { listen }),
    port,
  });
  const unsubscribe = timeline.subscribe((event) => {
    server.stream.add({ event });
    looking.look();
  });
  looking.look();
  return {
    server,
    onClient: looking.look,
    [Symbol.asyncDispose]: async () => {
      unsubscribe();
      looking.end();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Looks soon after it is asked to, and never twice at the same time. Looks that are asked for in the meantime become one. */
function looker(work: () => Promise<void>): { look: () => void; end: () => void } {
  let isAsked = false;
  let isBusy = false;
  let isOver = false;
  const look = (): void => {
    isAsked = true;
    if (isBusy || isOver) return;
    isBusy = true;
    void (async () => {
      // The flags change while this waits.
      const goesOn = (): boolean => isAsked && !isOver;
      while (goesOn()) {
        isAsked = false;
        // A lab that has just lost its network cannot be looked at. Its end is told by the stream.
        await work().catch((error: unknown) => { if (goesOn()) console.error(`lab: the state could not be read: ${messageOf(error)}`); });
        await new Promise((resolve) => { setTimeout(resolve, leastRestMs); });
      }
      isBusy = false;
    })();
  };
  return { look, end: () => { isOver = true; } };
}
