/** What a run asks of the lab: by its scenario, and by the options that somebody gave. */
import type { ClientOptions } from '../../client/client-options.ts';
import { optionsFor, parseClient } from '../clients/index.ts';
import { requireTls } from '../clients/trust.ts';
import { LabError } from '../vocabulary/errors.ts';
import { resolvConfOf } from '../vocabulary/resolv-conf.ts';
import type { ResolverName } from '../vocabulary/resolvers.ts';
import type { TopologyChange } from '../vocabulary/topology.ts';
import type { Scenario } from './scenario.ts';

/** What a run says of the lab and of its client (RunOptions of run-scenario.ts). */
interface Asked {
  name: string;
  scenario: Scenario;
  client: string;
  clientOptions?: Partial<ClientOptions>;
  backends?: number;
  resolvConf?: readonly string[];
  resolver?: ResolverName;
  serveStale?: boolean;
}

/**
 * Returns the options of the client of a run.
 * @throws {LabError} BAD_INPUT where somebody asks for HTTP and the scenario is about TLS or HTTP/2; NOT_SUPPORTED for a client without TLS or HTTP/2.
 */
export function clientOptionsOf({ name, scenario, client, clientOptions = {} }: Asked): ClientOptions {
  const { https, http2 } = scenario;
  if ((https ?? http2) && clientOptions.scheme === 'http') throw new LabError('BAD_INPUT', `The scenario ${name} is about ${http2 ? 'HTTP/2' : 'TLS'}. Expected scheme=https, got scheme=http.`);
  if (http2 && clientOptions.http === '1.1') throw new LabError('BAD_INPUT', `The scenario ${name} is about HTTP/2. Expected http=2, got http=1.1.`);
  const own = { ...((https ?? http2) && { scheme: 'https' as const }), ...(http2 && { http: '2' as const }) };
  const parsed = parseClient(client);
  const options = optionsFor(parsed, { ...own, ...scenario.client }, clientOptions);
  if (options.scheme === 'https') requireTls(parsed, options.http === '2');
  return options;
}

/**
 * Returns the changes to the lab network of a run.
 * @throws {LabError} as `clientOptionsOf` does.
 */
export function labChangeOf(asked: Asked): TopologyChange {
  const { scenario, backends, resolver, serveStale, resolvConf: given = [] } = asked;
  const { scheme, http } = clientOptionsOf(asked);
  const resolvConf = resolvConfOf(scenario.topology?.resolvConf, given);
  return {
    ...scenario.topology,
    ...(resolvConf && { resolvConf }),
    ...(backends !== undefined && { backends }),
    ...(resolver && { resolver, ...(serveStale && { serveStale }) }),
    ...(scheme === 'https' && { https: true }),
    ...(http !== null && { http }),
  };
}
