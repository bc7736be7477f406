/**
 * A client runs in an empty folder that is gone with the lab, so that what it writes (wget's index.html) does not stay in the user's folder.
 * A user's own command still means the files of the user's folder: words that name such a file are made absolute.
 */
import { posix } from 'node:path';
import type { ClientHost, Program } from '../../client/external/profile.ts';
import type { Host } from '../network/drivers/driver.ts';
import { LabError } from '../vocabulary/errors.ts';

/** Names the user's folder, for what the lab cannot see: paths inside of a script, or after `--option=`. */
const userFolderVariable = 'LAB_USER_FOLDER';

/** Makes the folder. Root makes it in a container, and the client is another user there. @throws {LabError} START_FAILED */
export async function makeOwnFolder(host: Host, folder: string): Promise<void> {
  const { exitCode, stderr } = await host.run(['sh', '-c', 'umask 0; mkdir -p "$1"', 'sh', folder]);
  if (exitCode !== 0) throw new LabError('START_FAILED', `Could not make the folder ${folder} on the client's host, in which the client runs: ${stderr}`);
}

/** Prints the folder in which the host starts processes, and then for each word whether there is a file of that name. */
const look = 'pwd; for word; do if [ -e "$word" ]; then echo yes; else echo no; fi; done';
/** Not found has the exit status of a shell that does not find a program. */
const find = `command -v "$1" >/dev/null || exit 127; ${look}`;

/** The folder in which the user has started the lab (on docker: where the image starts programs), and the argv with absolute paths. Null if the host has no such program. */
export async function inUserFolder(host: ClientHost, argv: readonly string[]): Promise<{ argv: string[]; userFolder: string } | null> {
  const { exitCode, stdout } = await host.run(['sh', '-c', find, 'sh', ...argv]);
  if (exitCode !== 0) return null;
  const lines = stdout.trimEnd().split('\n');
  const exists = lines.splice(-argv.length);
  const userFolder = lines.join('\n');
  // The shell finds the program itself on the PATH, unless it is a path.
  const isPath = (word: string, index: number): boolean => exists[index] === 'yes' && !word.startsWith('-') && (index > 0 || word.includes('/'));
  return { userFolder, argv: argv.map((word, index) => (isPath(word, index) ? posix.resolve(userFolder, word) : word)) };
}

/** The words that `env` needs for a program. */
export function folderVariables({ userFolder }: Program): string[] {
  return userFolder === undefined ? [] : [`${userFolderVariable}=${userFolder}`];
}

/** What to do if a user's own command does not find its files. Empty for other programs. */
export function folderHint({ userFolder }: Program): string {
  return userFolder === undefined ? '' : ` It ran in an empty folder of its own. Its words that name files of ${userFolder} were made absolute; for other paths, $${userFolderVariable} is that folder.`;
}
