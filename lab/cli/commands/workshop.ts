/** `lab workshop`: a lab that stays up, and a page to break it, to watch it, and to predict what it does. */
import { spawn } from 'node:child_process';
import { pageParts } from '../../report/timeline-page.ts';
import { messageOf } from '../../vocabulary/errors.ts';
import { labCommand } from '../../vocabulary/project.ts';
import { pc } from '../../vocabulary/terminal.ts';
import { readValue, wholeNumber } from '../../vocabulary/values.ts';
import { workshopPage } from '../../workshop/page-html.ts';
import { startWorkshopServer } from '../../workshop/server.ts';
import { keepUp, type KeepUpFlags, type LabByHand } from '../keep-up.ts';
import { workshopActions } from '../workshop-actions.ts';
import { helloOf, stateOf } from '../workshop-state.ts';

export interface WorkshopFlags extends KeepUpFlags {
  client?: string;
  port: string;
  listen?: string;
  /** `--no-open` makes it false. */
  open: boolean;
}

/** The state is told when something has changed, at most so often: a look at all hosts starts six short processes. */
const leastRestMs = 300;

/** Exit status and errors: as `keepUp`, and BAD_INPUT for a port or an address that cannot be had, MISSING_TOOL where the page cannot be built. */
export async function workshop(flags: WorkshopFlags): Promise<number> {
  const port = readValue(wholeNumber(0, 65_535), flags.port, '--port');
  const page = workshopPage(pageParts('workshop'));
  let onChange = (): void => undefined;
  return await keepUp(flags, {
    onClient: () => { onChange(); },
    begin: async ({ lab, timeline, client, commands, write }: LabByHand) => {
      if (flags.client !== undefined) await client.start(flags.client, {});
      const looking = looker(async () => { server.tell(await stateOf(lab, client)); });
      onChange = looking.look;
      const server = await startWorkshopServer({
        page,
        hello: { ...helloOf(lab), canShare: true },
        actions: workshopActions(commands, async () => (await write()).directory),
        now: () => timeline.now(),
        onChange: looking.look,
        ...(flags.listen !== undefined && { listen: flags.listen }),
        port,
      });
      timeline.subscribe((event) => {
        server.stream.add({ event });
        looking.look();
      });
      looking.look();
      console.log(`open ${server.link}`);
      if (server.openLink !== null) console.log(`watch ${server.openLink}`);
      console.log(pc.dim(`The link works once. ${server.openLink === null ? '' : 'The second one is for all who watch. '}Ctrl-C takes the lab down. \`${labCommand} status\`, \`${labCommand} heal\` and the other commands work in a second terminal, too.`));
      if (flags.open) openBrowser(server.link);
      return async () => {
        looking.end();
        await server[Symbol.asyncDispose]();
      };
    },
  });
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
      while (isAsked && !isOver) {
        isAsked = false;
        // A lab that has just lost its network cannot be looked at. Its end is told by the stream.
        await work().catch((error: unknown) => { if (!isOver) console.error(`lab: the state could not be read: ${messageOf(error)}`); });
        await new Promise((resolve) => { setTimeout(resolve, leastRestMs); });
      }
      isBusy = false;
    })();
  };
  return { look, end: () => { isOver = true; } };
}

/** Opens the link with the program of this desktop. Where there is none, the printed line is enough. */
function openBrowser(link: string): void {
  const child = spawn(process.platform === 'darwin' ? 'open' : 'xdg-open', [link], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}
