import { check, checkUnless, type Check } from '../lab/analysis/checks.ts';
import type { Findings } from '../lab/analysis/findings.ts';
import type { Plot, RulerRow } from '../lab/analysis/plot.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';
import { defineScenario, type Measured, type Stage } from '../lab/run/scenario.ts';
import { nameOf, urlOf } from '../lab/vocabulary/topology.ts';
import { triedCheck } from './common.ts';

/** Long enough for the third retransmission of either schedule. */
const timeoutMs = 7_600;
/** The kernel's timer wheel rounds a wait up by at most an eighth (kernel/time/timer.c). A busy machine adds to that. */
const lateShare = 1 / 8;
const lateMs = 125;
const earlyMs = 20;
/** The latest moment of the first retransmission. */
const firstWaitMs = 1_000 * (1 + lateShare) + lateMs;
const name = 'tcp_syn_linear_timeouts';
const setting = `/proc/sys/net/ipv4/${name}`;
/** Its value in Linux since 6.5, unless somebody changes it (ip-sysctl). */
const usualLinear = 4;

export const synSchedule = defineScenario({
  title: 'a SYN is never answered: when is it sent again?',
  teaches:
    'The kernel repeats the SYN, and the client does nothing. There is one attempt, one port ' +
    'and many SYNs, and the kernel alone decides when they leave.',
  predict: 'The only address of the backend is silent, and the client waits for more than 7 s. At which times do SYNs leave? Are they new attempts?',
  explains:
    'All SYNs come from one port, so they are one attempt: only the kernel repeats them. By RFC 6298 the wait doubles: 1, 3, 7 s after the first ' +
    'SYN, and so on. Linux since 6.5 waits 1 s each for the first four retransmissions (`tcp_syn_linear_timeouts`): they leave after 1, 2, 3 and ' +
    '4 s, and the next ones after 5, 7 and 11 s. With tcp_syn_retries = 6 a single silent address costs more than two minutes, unless the client ' +
    'has a timeout of its own. Both settings belong to the network namespace, and the run reads what is set. syn-schedule-exponential is the ' +
    'same run with the linear part switched off.',
  sources: ['RFC 6298 section 5', 'ip-sysctl (tcp_syn_linear_timeouts, tcp_syn_retries)', 'tcp(7)'],
  reproduces: ['S17', 'S8'],
  client: { timeoutMs },
  run: meetSilence,
  checks: ({ findings, events, data: { linear } }) => [triedCheck(findings), scheduleCheck(events, linear)],
  contract: ({ findings }) => [oneAttempt(findings)],
  plot: synRuler,
});

export const synScheduleExponential = defineScenario({
  title: 'a SYN is never answered, on a kernel that doubles every wait: when is it sent again?',
  teaches:
    'This is the schedule of RFC 6298. Linux kernels before 6.5 have it, and other kernels have it to ' +
    'this day. One lost SYN costs 1 s, two cost 3 s, three cost 7 s.',
  predict:
    'tcp_syn_linear_timeouts is 0 in the client’s network namespace. At which times do SYNs leave now? Which of the two schedules connects ' +
    'sooner after an outage of 4.5 s?',
  explains:
    'Each wait is twice the last one: SYNs leave 1, 3, 7 and 15 s after the first. After an outage of 4.5 s this client connects at 7 s, the ' +
    'client of syn-schedule at 5 s. Linux added the linear waits because a few small packets cost almost nothing, while a whole connection waits ' +
    'for them. When a client’s timeouts are set by what is known of one kernel, the next machine may have another kernel.',
  sources: ['RFC 6298 section 5 (5.5: the timer doubles)', 'ip-sysctl (tcp_syn_linear_timeouts)'],
  reproduces: ['S17'],
  topology: { clientSysctls: { 'net.ipv4.tcp_syn_linear_timeouts': 0 } },
  client: { timeoutMs },
  run: meetSilence,
  checks: ({ findings, events, data: { linear } }) => [
    check('the client’s kernel doubles the wait from the start', linear === 0, `tcp_syn_linear_timeouts = ${linear}`),
    triedCheck(findings),
    scheduleCheck(events, linear),
  ],
  contract: ({ findings }) => [oneAttempt(findings)],
  plot: synRuler,
});

/** Makes one request to a silent address. Returns the value of `tcp_syn_linear_timeouts` in the client's kernel. */
async function meetSilence({ client, apply, note, topology }: Stage): Promise<{ linear: number }> {
  // Kernels before 6.5 do not have this setting, and double from the start.
  const linear = Number((await client.$`cat ${setting} 2>/dev/null || echo 0`).stdout);
  note(settingText(linear));
  await apply('blackhole', 'backend-1', { family: 4 });
  await client.get(urlOf(topology, nameOf('backend-1')));
  return { linear };
}

function oneAttempt({ attempts }: Findings): Check {
  return check('our client made exactly one attempt', attempts.length === 1, `${attempts.length} attempts`);
}

/** A check for every client, as far as the client waits: the kernel alone decides when SYNs leave. */
function scheduleCheck(events: readonly TimelineEvent[], linear: number): Check {
  const first = events.find((event) => event.event === 'wire:syn');
  const seen = events.flatMap((event) => (event.event === 'wire:syn-retransmission' && first?.event === 'wire:syn' && event.localPort === first.localPort ? [event.tMs - first.tMs] : []));
  const expected = scheduleMs(linear, seen.length);
  const waits = (times: number[]): number[] => times.map((ms, index) => ms - (times[index - 1] ?? 0));
  const due = waits(expected);
  const holds = seen.length > 0 && waits(seen).every((ms, index) => ms >= (due[index] ?? NaN) - earlyMs && ms <= (due[index] ?? NaN) * (1 + lateShare) + lateMs);
  const ended = events.find((event) => event.event === 'client:error');
  const waitedMs = (ended?.tMs ?? Infinity) - (first?.tMs ?? 0);
  return checkUnless(
    seen.length === 0 && waitedMs < firstWaitMs ? `the client gave up after ${(waitedMs / 1000).toFixed(3)} s, before the kernel sends the SYN again` : null,
    check(`the SYN was sent again ${expected.length > 0 ? `after ${expected.map((ms) => `${ms / 1000}`).join(', ')} s` : 'on the kernel’s schedule'} (tolerance of each wait: −${earlyMs} ms, + an eighth and ${lateMs} ms)`, holds, seen.map((ms) => `${(ms / 1000).toFixed(3)} s`).join(', ') || 'none'),
  );
}

const settingText = (linear: number): string => `${name} = ${linear}`;

/** More attempts than this, of a client that tries again, are like the first ones. */
const mostRows = 3;

/** The SYNs of the run, true to time, and those that a kernel with the other setting would send. */
function synRuler({ findings, events }: Measured): Plot | null {
  const noted = events.find((event) => event.event === 'lab:note' && event.text.startsWith(`${name} = `));
  const tried = findings.attempts.flatMap(({ startMs, synsMs }) => (synsMs === null || synsMs.length === 0 ? [] : [{ startMs, synsMs }]));
  const [first] = tried;
  if (noted?.event !== 'lab:note' || !first) return null;
  const linear = Number(noted.text.slice(settingText(0).length - 1));
  const other = linear === 0 ? usualLinear : 0;
  const ended = events.find((event) => event.event === 'client:error' && event.tMs >= first.startMs);
  const untilMs = Math.max(ended ? ended.tMs - first.startMs : 0, ...tried.flatMap(({ synsMs }) => synsMs));
  const measured = tried.slice(0, mostRows).map(({ synsMs }, index): RulerRow => ({ label: `this run${tried.length > 1 ? `, attempt ${index + 1}` : ''}: ${settingText(linear)}`, atMs: synsMs, isMeasured: true }));
  return {
    kind: 'ruler',
    title: 'When the SYN leaves, true to time',
    rows: [...measured, { label: `another kernel: ${settingText(other)}`, atMs: [0, ...scheduleMs(other, mostSyns).filter((ms) => ms <= untilMs)], isMeasured: false }],
    // A client without a limit of its own is ended by the lab.
    end: ended ? { atMs: ended.tMs - first.startMs, what: 'the request ends' } : null,
    caption: `Filled: the SYNs of this run, by the times of the packets. Hollow: not measured; what the other setting gives by ip-sysctl (${name}) and RFC 6298 section 5.5, without the kernel’s rounding.`,
  };
}

/** tcp_syn_retries = 6, and the linear ones before (ip-sysctl). */
const mostSyns = 10;

/** The times of the retransmissions after the first SYN, in ms: `linear` waits of 1 s, one more of 1 s, and from there on each wait twice the last. */
function scheduleMs(linear: number, count: number): number[] {
  const times: number[] = [];
  for (let index = 0, atMs = 0; index < count; index++) {
    atMs += index <= linear ? 1_000 : 1_000 * 2 ** (index - linear);
    times.push(atMs);
  }
  return times;
}
