/** Wireshark's own reading of a capture, for tests: a judge that is not ours. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * One row a frame that `filter` shows, one column a field (tshark(1)). Retransmissions are judged as tshark judges them.
 * @throws {Error} with what tshark wrote, when it complains of the file.
 */
export async function tshark(capture: Buffer, filter: string, fields: readonly string[]): Promise<string[][]> {
  const directory = await mkdtemp(join(tmpdir(), 'failover-lab-tshark-'));
  try {
    const file = join(directory, 'wire.pcapng');
    await writeFile(file, capture);
    const { stdout, stderr } = await promisify(execFile)(
      'tshark',
      ['-r', file, '-Y', filter, '-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=a', ...fields.flatMap((field) => ['-e', field])],
      { maxBuffer: 1 << 26 },
    );
    const complaints = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('Running as user'));
    if (complaints.length > 0) throw new Error(`tshark: ${complaints.join('\n')}`);
    return stdout.split('\n').filter((line) => line !== '').map((line) => line.split('\t'));
  } finally {
    await rm(directory, { recursive: true });
  }
}
