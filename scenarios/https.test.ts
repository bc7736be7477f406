/** Scenarios that are about DNS, TCP and HTTP have the same verdict over HTTPS: TLS changes nothing of what they show. */
import { describeHttpsRuns } from '../lab/testing/scenario-runs.ts';

describeHttpsRuns(['all-down', 'ipv6-blackhole', 'server-kill', 'keep-alive', 'half-open', 'first-silent', 'recovery', 'backend-hangs']);
