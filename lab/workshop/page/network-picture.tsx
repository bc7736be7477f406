/** The network now: who is up, which connections of the client stand, which fault is where. */
import { shortAddress } from '../../picture/model.ts';
import type { OwnState, ShownHost } from '../messages.ts';
import { state } from './store.ts';

const card = { width: 232, least: 62, line: 17, gap: 10 };
const [width, left, right] = [620, 4, 384];
/** What fits into a card. */
const mostCharacters = 32;

/** A host with the lines of text in its card. */
interface Placed { host: ShownHost; lines: { text: string; tone: string }[]; x: number; y: number; height: number }

export function NetworkPicture() {
  const now = state.value;
  if (!now) return null;
  const { placed, height } = place(now);
  const client = placed.find(({ host }) => host.name === 'client');
  return (
    <>
      <svg class="network" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
        {client && placed.filter(({ host }) => host.name !== 'client').map((to) => {
          const count = now.connections.filter(({ host, state }) => host === to.host.name && state === 'ESTAB').length;
          const opening = now.connections.filter(({ host, state }) => host === to.host.name && state === 'SYN-SENT').length;
          const [x1, y1, x2, y2] = [client.x + card.width, client.y + client.height / 2, to.x, to.y + to.height / 2];
          return (
            <g key={to.host.name}>
              <line class={`wire ${count > 0 ? 'stands' : opening > 0 ? 'opening' : ''}`} x1={x1} y1={y1} x2={x2} y2={y2} />
              {(count > 0 || opening > 0) && <text class="count" x={x1 + (x2 - x1) * 0.55} y={y1 + (y2 - y1) * 0.55 - 5} text-anchor="middle">{[count > 0 ? connections(count) : '', opening > 0 ? `${opening} opening` : ''].filter(Boolean).join(', ')}</text>}
            </g>
          );
        })}
        {placed.map(({ host, lines, x, y, height: tall }) => (
          <g key={host.name} transform={`translate(${x} ${y})`}>
            <rect class={`card ${host.process ?? ''} ${lines.some(({ tone }) => tone === 'failed') ? 'broken' : ''}`} width={card.width} height={tall} rx="7" />
            <text class="name" x="12" y="21">{host.name}</text>
            <text class="dim" x={card.width - 12} y="21" text-anchor="end">{host.name === 'client' ? shortAddress(host.ipv4) : `${shortAddress(host.ipv4)} ${shortAddress(host.ipv6)}`}</text>
            {lines.map(({ text, tone }, index) => <text key={index} class={`is-${tone}`} x="12" y={40 + index * card.line}>{text.length > mostCharacters ? `${text.slice(0, mostCharacters - 1)}…` : text}</text>)}
          </g>
        ))}
      </svg>
      <ul class="hosts" aria-label="Hosts">
        {placed.map(({ host, lines }) => <li key={host.name}><b>{host.name}</b> {host.ipv4} {host.ipv6}: {lines.map(({ text }) => text).join('; ')}{host.name === 'client' ? '' : `; ${connections(now.connections.filter((each) => each.host === host.name && each.state === 'ESTAB').length)} of the client`}</li>)}
      </ul>
    </>
  );
}

const connections = (count: number): string => `${count} connection${count === 1 ? '' : 's'}`;

function place(now: OwnState): { placed: Placed[]; height: number } {
  const made = now.hosts.filter(({ name }) => name !== 'observer').map((host) => ({ host, lines: linesOf(now, host) }));
  const tall = ({ lines }: { lines: unknown[] }): number => Math.max(card.least, 30 + lines.length * card.line);
  let y = 8;
  const others = made.filter(({ host }) => host.name !== 'client').map((each): Placed => {
    const at = y;
    y += tall(each) + card.gap;
    return { ...each, x: right, y: at, height: tall(each) };
  });
  const client = made.filter(({ host }) => host.name === 'client').map((each): Placed => ({ ...each, x: left, y: Math.max(8, (y - card.gap - tall(each)) / 2), height: tall(each) }));
  return { placed: [...client, ...others], height: Math.max(y, 120) };
}

function linesOf(now: OwnState, { name, process, connections: served }: ShownHost): Placed['lines'] {
  if (name === 'client') {
    const { name: client, version, options, inFlight, perS } = now.client;
    return [
      { text: client === null ? 'no client yet' : `${client} ${version ?? ''}`, tone: 'dim' },
      ...(options === '' ? [] : [{ text: options, tone: 'dim' }]),
      ...(perS > 0 ? [{ text: `${perS} requests a second`, tone: 'dim' }] : []),
      ...(inFlight > 0 ? [{ text: `${inFlight} waiting`, tone: 'failed' }] : []),
    ];
  }
  return [
    ...(process === null ? [] : [{ text: `${process === 'runs' ? '✔ runs' : process === 'paused' ? '‖ paused' : '✘ ended'}${served === null ? '' : ` · ${connections(served)}`}`, tone: process === 'runs' ? 'ok' : 'failed' }]),
    ...[...now.faults, ...now.behaviours].filter(({ host }) => host === name).map(({ text }) => ({ text: `✘ ${text}`, tone: 'failed' })),
  ];
}
