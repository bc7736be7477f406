/**
 * A lock on a folder, by flock(2). The kernel takes it back when the process that holds it ends, however it ends, so no lock is ever stale. Node
 * has no call for it.
 */
import { open, stat, type FileHandle } from 'node:fs/promises';
import koffi from 'koffi';

const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * Locks a folder for this process, until the handle is closed. Returns null if another process has it.
 * @throws {Error} ENOENT if the folder is not there, or was removed in the meantime; the name of another errno if it cannot be locked.
 */
export async function lockFolder(path: string): Promise<FileHandle | null> {
  const folder = await open(path, 'r');
  try {
    // From the process itself: the C library has another file name on each system.
    const flock = koffi.load(null).func('int flock(int fd, int operation)');
    if (flock(folder.fd, LOCK_EX | LOCK_NB) !== 0) {
      const errno = koffi.errno();
      if (errno !== koffi.os.errno['EAGAIN']) throw new Error(`flock ${path}: ${Object.entries(koffi.os.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`}`);
      await folder.close();
      return null;
    }
    // The process that had the lock before may have removed the folder. Then this lock is on a folder that nobody can find any more.
    const [locked, there] = await Promise.all([folder.stat(), stat(path)]);
    if (locked.ino !== there.ino) throw Object.assign(new Error(`${path} was replaced`), { code: 'ENOENT' });
    return folder;
  } catch (error) {
    await folder.close();
    throw error;
  }
}
