/** The answers of the DNS server, the newest first: when, to whom, what, and which rule or filter made it so. */
import type { TimelineEvent } from '../../vocabulary/events.ts';
import { hostAt } from '../../vocabulary/topology.ts';
import { chainsBefore, events, hello, state, version } from './store.ts';

const shown = 40;

type Told = Extract<TimelineEvent, { event: 'dns:answer' | 'dns:dropped' | 'dns:policy' }>;
const isTold = (event: TimelineEvent): event is Told => event.event === 'dns:answer' || event.event === 'dns:dropped' || event.event === 'dns:policy';

export function DnsTable() {
  const topology = hello.value?.topology;
  // The list of events changes in place, and its number tells of it.
  if (!topology || version.value === 0) return null;
  // The observer asks, too. What it is told is no matter of the client.
  const rows = withChains(chainsBefore ?? hello.value?.chains ?? []).filter(({ event }) => event.event === 'dns:policy' || hostAt(topology, event.from) !== 'observer').slice(-shown).reverse();
  return (
    <>
      <ul class="policy">{state.value?.dns.map((line) => <li key={line}><code>{line}</code></li>)}</ul>
      <div class="scroll" tabIndex={0} role="region" aria-label="Answers of DNS">
        <table>
          <thead><tr><th scope="col">ms</th><th scope="col">who asked</th><th scope="col">type</th><th scope="col">name</th><th scope="col">answer, in order</th><th scope="col">code</th><th scope="col">made so by</th></tr></thead>
          <tbody>
            {rows.map(({ event: row, chain }, index) => row.event === 'dns:policy'
              ? <tr key={index}><td>{row.tMs.toFixed(1)}</td><td colSpan={6}>the policy changed: {row.change}</td></tr>
              : (
                <tr key={index}>
                  <td>{row.tMs.toFixed(1)}</td>
                  <td>{hostAt(topology, row.from) ?? row.from}</td>
                  <td>{row.type}{row.event === 'dns:answer' && row.transport === 'tcp' ? ' over TCP' : ''}</td>
                  <td>{row.name}</td>
                  <td>{row.event === 'dns:dropped' ? 'no answer' : `${row.addresses.join(' ') || 'no record'}${row.truncated ? ' (truncated)' : ''}`}</td>
                  <td>{row.event === 'dns:answer' ? row.rcode : ''}</td>
                  <td>{row.rules === undefined ? chain : `${row.rules} · ${chain}`}</td>
                </tr>
              ))}
          </tbody>
        </table>
        {rows.length === 0 && <p class="note">Nobody has asked yet.</p>}
      </div>
    </>
  );
}

/** Each answer with the filters that it went through: those of its type, at its time. */
function withChains(atFirst: readonly string[]): { event: Told; chain: string }[] {
  let chains = atFirst;
  return events.filter(isTold).map((event) => {
    if (event.event === 'dns:policy') chains = event.chains ?? chains;
    const own = event.event === 'dns:policy' ? undefined : chains.find((each) => each.startsWith(`${event.type} `));
    return { event, chain: own === undefined ? '' : own.slice(own.indexOf(' ') + 1) };
  });
}
