/** What a cause of skew is, for `lab skew`. Its table is causes.ts. */
import type { Stage } from '../../lab/run/scenario.ts';
import type { TopologyChange } from '../../lab/vocabulary/topology.ts';
import type { SkewResolverName } from './resolvers.ts';

export interface Cause {
  /** What is set up, in a line. */
  title: string;
  /** What differs from the usual lab. */
  topology?: TopologyChange;
  /** What differs from the usual answers: two of the three A records, shuffled. `chain`: the filters of the DNS server, in their order. */
  dns?: { chain?: readonly string[]; aaaa?: boolean; ttlS?: number };
  /** Whether a client keeps its connection. If not, each request is a new lookup and a new connection. */
  keepAlive?: boolean;
  /** The requests. Those of `measured` count. By default one client makes `requests` of them, one after the other. */
  stimulus?: (stage: Stage, requests: number) => Promise<void>;
  /** The shares of the backends: those of the exact model of the resolver for these answers (lab/skew/model/), or those of a closed form. */
  expects: 'the model' | ClosedForm;
  /** The same for a resolver that does something else. */
  unlike?: Partial<Record<SkewResolverName, 'the model' | ClosedForm>>;
}

export interface ClosedForm {
  /** The shares of backend-1, -2 and -3. */
  shares: readonly number[];
  /** The same as text, with the reason. */
  because: string;
  /** Whether it says only how large the shares are, and not which backend has which. */
  inAnyOrder?: true;
}

/** The path of the requests whose shares are measured. */
export const measured = '/?measured';
