/** The servers that can stand in the place of a backend. A new one is a file beside this one, and a line here. */
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import type { ExternalServer } from './external-server.ts';

export const externalServers = { nginx, haproxy } satisfies Record<string, ExternalServer>;

export type ExternalServerName = keyof typeof externalServers;
