/** The failures of the matrix, in the order of its columns. A new failure goes into one of the groups; a new group is a new file and a line here. */
import { connecting } from './connecting.ts';
import type { Failure } from './failure.ts';
import { http2 } from './http2.ts';
import { ipv6 } from './ipv6.ts';
import { manyRequests } from './many-requests.ts';
import { naming } from './naming.ts';
import { reuse } from './reuse.ts';
import { tls } from './tls.ts';

/** Each group is a table of the matrix. */
export const failureGroups = { 'Connecting': connecting, 'IPv6': ipv6, 'A connection that served before': reuse, 'TLS': tls, 'HTTP/2': http2, 'DNS': naming, 'Many requests': manyRequests } satisfies Record<string, Record<string, Failure>>;

/** Every failure by its name. No other scenario has the name, so that it runs by this name, too (`scenarioNamed`). */
export const failures: Readonly<Record<string, Failure>> = { ...connecting, ...ipv6, ...reuse, ...tls, ...http2, ...naming, ...manyRequests };
