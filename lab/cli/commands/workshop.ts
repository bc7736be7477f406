/** `lab workshop`: a lab that stays up, and a page to break it, to watch it, and to predict what it does. */
import { spawn } from 'node:child_process';
import { pageParts } from '../../report/page-parts.ts';
import { labCommand } from '../../vocabulary/project.ts';
import { pc } from '../../vocabulary/terminal.ts';
import { readValue, wholeNumber } from '../../vocabulary/values.ts';
import { workshopPage } from '../../workshop/page-html.ts';
import { keepUp, type KeepUpFlags } from '../keep-up.ts';
import { openWorkshop } from '../open-workshop.ts';

export interface WorkshopFlags extends KeepUpFlags {
  client?: string;
  port: string;
  listen?: string;
  /** `--no-open` makes it false. */
  open: boolean;
}

/** Exit status and errors: as `keepUp`, and BAD_INPUT for a port or an address that cannot be had, MISSING_TOOL where the page cannot be built. */
export async function workshop(flags: WorkshopFlags): Promise<number> {
  const port = readValue(wholeNumber(0, 65_535), flags.port, '--port');
  const page = workshopPage(pageParts('workshop'));
  let onClient = (): void => undefined;
  return await keepUp(flags, {
    onClient: () => { onClient(); },
    begin: async (up) => {
      if (flags.client !== undefined) await up.client.start(flags.client, {});
      const opened = await openWorkshop(up, { page, lessons: flags, port, ...(flags.listen !== undefined && { listen: flags.listen }) });
      const { link, openLink } = opened.server;
      onClient = opened.onClient;
      console.log(`open ${link}`);
      if (openLink !== null) console.log(`watch ${openLink}`);
      console.log(pc.dim(`The first link works once.${openLink === null ? '' : ' The second one is for all who watch.'} Ctrl-C takes the lab down. \`${labCommand} status\`, \`${labCommand} heal\` and the other commands work in a second terminal, too.`));
      if (flags.open) openBrowser(link);
      return () => opened[Symbol.asyncDispose]();
    },
  });
}

/** Opens the link with the program of this desktop. Where there is none, the printed line is enough. */
function openBrowser(link: string): void {
  const child = spawn(process.platform === 'darwin' ? 'open' : 'xdg-open', [link], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}
