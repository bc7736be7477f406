import { check, type Check } from '../lab/analysis/checks.ts';
import type { Findings } from '../lab/analysis/findings.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';
import { defineScenario, type Stage } from '../lab/run/scenario.ts';
import { domain, httpPort } from '../lab/vocabulary/topology.ts';
import { triedCheck } from './common.ts';

/** Up to the third retransmission of either schedule. */
const timeoutMs = 7_600;
/** The kernel's timer wheel rounds a wait up by at most an eighth (kernel/time/timer.c); a busy machine adds to that. */
const lateShare = 1 / 8;
const lateMs = 125;
const earlyMs = 20;
const setting = '/proc/sys/net/ipv4/tcp_syn_linear_timeouts';

export const synSchedule = defineScenario({
  title: 'a SYN is never answered: when is it sent again?',
  teaches: 'Retransmissions are the kernel’s, not the client’s: one attempt, one port, many SYNs, at times that the kernel alone decides.',
  predict: 'The server’s only address is silent and the client has more than 7 s of patience. At which times do SYNs leave? Are they new attempts?',
  explains:
    'All of them come from one port, so they are one attempt: only the kernel repeats itself. By RFC 6298 the wait doubles: 1, 3, 7 s after the ' +
    'first SYN, and so on. Linux since 6.5 waits 1 s each for the first four (`tcp_syn_linear_timeouts`): 1, 2, 3, 4, and only then 5, ' +
    '7, 11 s. With tcp_syn_retries = 6 a lone silent address costs more than two minutes, if nobody has more sense. Both settings belong to the ' +
    'network namespace; the run reads what is set. syn-schedule-exponential is the same with the linear part switched off.',
  sources: ['RFC 6298 section 5', 'ip-sysctl (tcp_syn_linear_timeouts, tcp_syn_retries)', 'tcp(7)'],
  reproduces: ['S17', 'S8'],
  client: { timeoutMs },
  run: meetSilence,
  checks: ({ findings, events, data: { linear } }) => [triedCheck(findings), scheduleCheck(events, linear)],
  contract: ({ findings }) => [oneAttempt(findings)],
});

export const synScheduleExponential = defineScenario({
  title: 'the same on a kernel that doubles from the first: when is the SYN sent again?',
  teaches: 'The schedule of RFC 6298, as kernels before Linux 6.5 have it, and others to this day: one lost SYN costs 1 s, two cost 3 s, three cost 7 s.',
  predict: 'tcp_syn_linear_timeouts is 0 in the client’s network namespace. At which times do SYNs leave now? Which of the two schedules connects sooner after an outage of 4.5 s?',
  explains:
    'Each wait is twice the last one: SYNs leave 1, 3, 7, 15 s after the first. After an outage of 4.5 s this client connects at 7 s, the one of ' +
    'syn-schedule at 5 s. Linear waits were added because a handful of small packets costs nobody anything, while a whole connection waits. A ' +
    'client that sets timeouts by what it knows of one kernel meets another one on the next machine.',
  sources: ['RFC 6298 section 5 (5.5: the timer doubles)', 'ip-sysctl (tcp_syn_linear_timeouts)'],
  reproduces: ['S17'],
  topology: { clientSysctls: { 'net.ipv4.tcp_syn_linear_timeouts': 0 } },
  client: { timeoutMs },
  run: meetSilence,
  checks: ({ findings, events, data: { linear } }) => [
    check('the client’s kernel doubles from the first wait on', linear === 0, `tcp_syn_linear_timeouts = ${linear}`),
    triedCheck(findings),
    scheduleCheck(events, linear),
  ],
  contract: ({ findings }) => [oneAttempt(findings)],
});

/** One request of an address that is silent, and which schedule the client's kernel has. */
async function meetSilence({ client, apply, note }: Stage): Promise<{ linear: number }> {
  // Kernels before 6.5 have no such setting, and double from the start.
  const linear = Number((await client.$`cat ${setting} 2>/dev/null || echo 0`).stdout);
  note(`tcp_syn_linear_timeouts = ${linear}`);
  await apply('blackhole', 'backend-1', { family: 4 });
  await client.get(`http://backend-1.${domain}:${httpPort}/`);
  return { linear };
}

function oneAttempt({ attempts }: Findings): Check {
  return check('our client made one attempt of it', attempts.length === 1, `${attempts.length} attempts`);
}

/** Holds for every client, as far as its patience goes: what leaves is the kernel's doing. */
function scheduleCheck(events: readonly TimelineEvent[], linear: number): Check {
  const first = events.find((event) => event.event === 'wire:syn');
  const seen = events.flatMap((event) => (event.event === 'wire:syn-retransmission' && first?.event === 'wire:syn' && event.localPort === first.localPort ? [event.tMs - first.tMs] : []));
  const expected = scheduleMs(linear, seen.length);
  const waits = (times: number[]): number[] => times.map((ms, index) => ms - (times[index - 1] ?? 0));
  const due = waits(expected);
  const holds = seen.length > 0 && waits(seen).every((ms, index) => ms >= (due[index] ?? NaN) - earlyMs && ms <= (due[index] ?? NaN) * (1 + lateShare) + lateMs);
  return check(`SYNs again after ${expected.map((ms) => `${ms / 1000}`).join(', ')} s (each wait −${earlyMs} ms, + an eighth and ${lateMs} ms)`, holds, seen.map((ms) => `${(ms / 1000).toFixed(3)} s`).join(', ') || 'none');
}

/** After `linear` waits of 1 s, one of 1 s more, and from there on each twice as long. */
function scheduleMs(linear: number, count: number): number[] {
  const times: number[] = [];
  for (let index = 0, atMs = 0; index < count; index++) {
    atMs += index <= linear ? 1_000 : 1_000 * 2 ** (index - linear);
    times.push(atMs);
  }
  return times;
}
