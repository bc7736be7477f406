/** Runs tshark on a capture. Tests compare the lab's decoder with it, because Wireshark is independent of the lab. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { httpsPort } from '../vocabulary/topology.ts';

/** tshark has no protocol for port 8443, so it goes by the client's port if that one is in its tables: from port 57000 it would read IRC. */
const decodeAs = ['-d', `tcp.port==${httpsPort},tls`];

/**
 * Returns one row for each frame that `filter` selects, with the values of its fields by their names (tshark(1)). Several values are separated by commas. tshark itself decides which frames are
 * retransmissions.
 * `options` are further arguments. @throws {Error} with the message of tshark, when tshark reports a problem with the file.
 */
export async function tshark<const Field extends string>(capture: Buffer, filter: string, fields: readonly Field[], options: readonly string[] = []): Promise<Record<Field, string>[]> {
  const directory = await mkdtemp(join(tmpdir(), 'failover-lab-tshark-'));
  try {
    const file = join(directory, 'wire.pcapng');
    await writeFile(file, capture);
    const { stdout, stderr } = await promisify(execFile)(
      'tshark',
      [...options, ...decodeAs, '-r', file, '-Y', filter, '-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=a', ...fields.flatMap((field) => ['-e', field])],
      { maxBuffer: 1 << 26 },
    );
    const complaints = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('Running as user'));
    if (complaints.length > 0) throw new Error(`tshark: ${complaints.join('\n')}`);
    return stdout.split('\n').filter((line) => line !== '').map((line) => {
      const cells = line.split('\t');
      return Object.fromEntries(fields.map((field, index) => [field, cells[index] ?? ''])) as Record<Field, string>;
    });
  } finally {
    await rm(directory, { recursive: true });
  }
}
