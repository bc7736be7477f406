/** What can be done by hand: faults on a host, the switches of DNS, the client. Each command appears as its line for a terminal. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { act } from './act.ts';
import { Fields, useFields } from './fields.tsx';
import { hello, state } from './store.ts';

const tabs = ['Client', 'Faults', 'DNS'] as const;

export function Hands() {
  const tab = useSignal<(typeof tabs)[number]>('Client');
  const step = (by: number): void => {
    tab.value = tabs[(tabs.indexOf(tab.value) + by + tabs.length) % tabs.length] ?? 'Client';
    document.getElementById(`tab-${tab.value}`)?.focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label="What to change">
        {tabs.map((name) => (
          <button key={name} id={`tab-${name}`} type="button" role="tab" aria-selected={tab.value === name} aria-controls={`panel-${name}`} tabIndex={tab.value === name ? 0 : -1}
            onClick={() => { tab.value = name; }} onKeyDown={({ key }) => { if (key === 'ArrowRight') step(1); else if (key === 'ArrowLeft') step(-1); }}>{name}</button>
        ))}
      </div>
      {tabs.map((name) => <div key={name} id={`panel-${name}`} class="panel" role="tabpanel" aria-labelledby={`tab-${name}`} hidden={tab.value !== name}>{name === 'Client' ? <ClientPanel /> : name === 'Faults' ? <FaultPanel /> : <DnsPanel />}</div>)}
    </>
  );
}

function Row({ label, children }: { label: string; children: ComponentChildren }) {
  return <div class="bar" role="group" aria-label={label}><span class="label">{label}</span>{children}</div>;
}

function ClientPanel() {
  const name = useSignal('node-fetch');
  const perS = useSignal('2');
  const told = hello.value;
  const now = state.value?.client;
  const fields = useFields();
  if (!told || !now) return null;
  const options = told.ownClients.includes(name.value) ? told.clientOptions : told.clientOptions.filter((option) => told.optionsForAny.includes(option.name));
  return (
    <>
      <p class="meta">{now.name === null ? 'No client yet: the first request starts node-fetch.' : `${now.name} ${now.version ?? ''} ${now.options}`}{now.inFlight > 0 ? ` · ${now.inFlight} waiting` : ''}</p>
      <Row label="Request">
        {['GET', 'PUT', 'POST'].map((method) => <button key={method} type="button" onClick={() => void act('ask', { method })}>{method}</button>)}
      </Row>
      <Row label="At a rate">
        <label><input type="number" min="0.1" max="20" step="0.1" value={perS.value} onInput={({ currentTarget }) => { perS.value = currentTarget.value; }} /> a second</label>
        <button type="button" onClick={() => void act('rate', { method: 'GET', perS: Number(perS.value) })}>Start</button>
        <button type="button" disabled={now.perS === 0} onClick={() => void act('rate', { method: 'GET', perS: 0 })}>End</button>
      </Row>
      <Row label="New client">
        <label>Client <select aria-label="Client" value={name.value} onChange={({ currentTarget }) => { name.value = currentTarget.value; }}>{told.clients.map((each) => <option key={each} value={each}>{each}</option>)}</select></label>
        <button type="button" onClick={() => void act('client', { name: name.value, options: fields.given(options) })}>Start this client</button>
      </Row>
      <Fields options={options} fields={fields} />
    </>
  );
}

/** The faults that are used most, with the options that a button gives them. */
const common: readonly (readonly [label: string, fault: string, options: Record<string, string>])[] = [
  ['Stop', 'stop', {}],
  ['Kill', 'kill', {}],
  ['Pause', 'pause', {}],
  ['Blackhole IPv4', 'blackhole', { family: '4' }],
  ['Blackhole IPv6', 'blackhole', { family: '6' }],
  ['Refuse', 'refuse', {}],
  ['Delay 100 ms', 'delay', { delayMs: '100' }],
  ['Loss 20 %', 'loss', { percent: '20' }],
  ['Throttle', 'throttle', {}],
  ['Restart', 'restart', {}],
];

function FaultPanel() {
  const told = hello.value;
  const host = useSignal('backend-1');
  const fault = useSignal('blackhole');
  const behaviour = useSignal('status');
  const value = useSignal('503');
  const fields = useFields();
  if (!told) return null;
  const kind = host.value === 'dns' ? 'dns' : 'backend';
  const possible = told.faults.filter(({ on }) => on.includes(kind));
  const chosen = possible.find(({ name }) => name === fault.value) ?? possible[0];
  const isPossible = (name: string): boolean => possible.some((each) => each.name === name);
  const field = told.behaviours.find(({ name }) => name === behaviour.value);
  return (
    <>
      <fieldset class="bar"><legend>Host</legend>
        {[...told.topology.backends, 'dns'].map((each) => <label key={each}><input type="radio" name="host" checked={host.value === each} onChange={() => { host.value = each; }} /> {each}</label>)}
      </fieldset>
      <Row label={`On ${host.value}`}>
        {common.map(([label, name, options]) => <button key={label} type="button" disabled={!isPossible(name)} onClick={() => void act('apply', { fault: name, host: host.value, options })}>{label}</button>)}
        <button type="button" class="heal" onClick={() => void act('heal', { host: host.value })}>Heal {host.value}</button>
        <button type="button" class="heal" onClick={() => void act('heal', { host: null })}>Heal all</button>
      </Row>
      {chosen && (
        <>
          <Row label="Every fault">
            <label>Fault <select aria-label="Fault" value={chosen.name} onChange={({ currentTarget }) => { fault.value = currentTarget.value; fields.clear(); }}>{possible.map(({ name }) => <option key={name} value={name}>{name}</option>)}</select></label>
            <button type="button" onClick={() => void act('apply', { fault: chosen.name, host: host.value, options: fields.given(chosen.options) })}>Put in force</button>
          </Row>
          <p class="note">{chosen.summary}. A client meets: {chosen.effect}.</p>
          <Fields options={chosen.options} fields={fields} />
        </>
      )}
      {kind === 'backend' && (
        <Row label="How it answers">
          <label>Behaviour <select aria-label="Behaviour" value={behaviour.value} onChange={({ currentTarget }) => { behaviour.value = currentTarget.value; value.value = told.behaviours.find(({ name }) => name === currentTarget.value)?.default ?? ''; }}>{told.behaviours.map(({ name }) => <option key={name} value={name}>{name}</option>)}</select></label>
          <label>is <input aria-label="Value" value={value.value} onInput={({ currentTarget }) => { value.value = currentTarget.value; }} /></label>
          <button type="button" onClick={() => void act('behave', { backend: host.value, change: { [behaviour.value]: value.value } })}>Change</button>
          <span class="note">{field?.doc}</span>
        </Row>
      )}
    </>
  );
}

/** Words after `lab dns`, each set on one button. */
const switches: readonly (readonly [label: string, buttons: readonly (readonly [text: string, words: string])[]])[] = [
  ['Shuffle', [['on', 'shuffle on'], ['off', 'shuffle off']]],
  ['Records in an answer', [['1', 'selectFirst 1'], ['2', 'selectFirst 2'], ['all', 'selectFirst off']]],
  ['AAAA', [['on', 'aaaa on'], ['off', 'aaaa off']]],
  ['TTL', [['0 s', 'ttl 0'], ['5 s', 'ttl 5'], ['60 s', 'ttl 60']]],
  ['Answers', [['SERVFAIL', 'rcode A SERVFAIL'], ['NXDOMAIN', 'rcode A NXDOMAIN'], ['500 ms late', 'delay A 500'], ['none', 'drop A on'], ['well again', 'rcode A off']]],
];

function DnsPanel() {
  const words = useSignal('');
  const told = hello.value;
  if (!told) return null;
  const { hosts, backends } = told.topology;
  const name = new URL(told.url).hostname;
  return (
    <>
      {switches.map(([label, buttons]) => (
        <Row key={label} label={label}>{buttons.map(([text, line]) => <button key={line} type="button" aria-label={`${label} ${text}`} onClick={() => void act('dns', { words: line.split(' ') })}>{text}</button>)}</Row>
      ))}
      {backends.map((backend) => (
        <Row key={backend} label={`Record of ${backend}`}>
          {(['up', 'down'] as const).map((way) => <button key={way} type="button" aria-label={`Record of ${backend} ${way}`} onClick={() => void act('dns', { words: ['record', way, name, 'A', hosts[backend].ipv4] })}>{way}</button>)}
        </Row>
      ))}
      <form class="bar" onSubmit={(event) => { event.preventDefault(); void act('dns', { words: words.value.trim().split(/\s+/) }); }}>
        <label>lab dns <input class="words" aria-label="lab dns" value={words.value} placeholder="chain 'selectFirst 2' shuffle" onInput={({ currentTarget }) => { words.value = currentTarget.value; }} /></label>
        <button type="submit">Change</button>
      </form>
    </>
  );
}
