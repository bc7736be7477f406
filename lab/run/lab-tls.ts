/** What a lab over HTTPS has beside one over HTTP. */
import type { Certificates } from '../network/certificates.ts';
import type { Topology } from '../vocabulary/topology.ts';
import type { KeyLog } from '../wire/tls-keys.ts';

/** The certificates of the backends, and the secrets of their connections. */
export interface LabTls {
  certificates: Certificates;
  keyLog: KeyLog;
}

/** A lab without TLS loads nothing of this. */
export async function tlsFor(topology: Topology): Promise<LabTls> {
  const [{ certificatesFor }, { KeyLog: Log }] = await Promise.all([import('../network/certificates.ts'), import('../wire/tls-keys.ts')]);
  return { certificates: certificatesFor(topology), keyLog: new Log() };
}
