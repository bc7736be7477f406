/** A proxy in front of the docker engine: for the lab, the engine can freeze or end, while the tests beside it go on. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { engineAddress, engineUrl } from '../network/drivers/docker-engine.ts';

export interface EngineProxy {
  /** For DOCKER_HOST. */
  url: string;
  /** From now on no byte passes, and new connections are accepted, as with SIGSTOP to dockerd. */
  freeze(): void;
  /** Ends all connections and refuses new ones, as when dockerd is killed. */
  end(): void;
}

/** Starts the proxy. It ends with the test. */
export async function startEngineProxy(): Promise<EngineProxy> {
  const { socketPath, host, port } = engineAddress(await engineUrl());
  const folder = mkdtempSync(join(tmpdir(), 'engine-proxy-'));
  const path = join(folder, 'docker.sock');
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = socketPath === undefined ? connect({ host, port: Number(port), allowHalfOpen: true }) : connect({ path: socketPath, allowHalfOpen: true });
    for (const [from, to] of [[near, far], [far, near]] as const) {
      sockets.add(from);
      from.on('error', () => { near.destroy(); far.destroy(); });
      from.on('data', (data) => { if (!isFrozen) to.write(data); });
      from.on('end', () => { if (!isFrozen) to.end(); });
      from.on('close', () => { sockets.delete(from); if (!isFrozen) to.destroy(); });
    }
  }).listen(path);
  await once(server, 'listening');
  const end = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    end();
    rmSync(folder, { recursive: true });
  });
  return { url: `unix://${path}`, freeze: () => { isFrozen = true; }, end };
}
