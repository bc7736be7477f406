/** The script of matrix.html: sorts the rows, shows some families of clients alone, and goes from cell to cell by the arrow keys. */
import { element } from './elements.ts';

const table = document.querySelector('table');
const controls = document.getElementById('controls');
if (table && controls) start(table, controls);

function start(matrix: HTMLTableElement, place: HTMLElement): void {
  const [body] = matrix.tBodies;
  if (!body) return;
  /** The rows in the order of the lab. */
  const rows = [...body.rows];
  const status = element('p', { role: 'status', class: 'meta' });
  let sorting = { column: 0, direction: 0 as 1 | -1 | 0 };

  const heads = [...(matrix.tHead?.rows[1]?.cells ?? [])];
  heads.forEach((head, column) => {
    const made = element('button', { type: 'button' }, head.textContent);
    made.addEventListener('click', () => {
      const direction = sorting.column === column ? (({ 0: 1, 1: -1, [-1]: 0 }) as const)[sorting.direction] : 1;
      sorting = { column, direction };
      show();
    });
    head.replaceChildren(made);
  });

  const families = [...Map.groupBy(rows, familyOf)].map(([family, members]) => {
    const box = element('input', { type: 'checkbox', value: family });
    box.addEventListener('change', show);
    return { box, label: element('label', {}, box, ` ${family} (${members.length})`) };
  });
  const all = element('button', { type: 'button' }, 'Show all');
  all.addEventListener('click', () => {
    for (const { box } of families) box.checked = false;
    show();
  });
  place.append(element('fieldset', { class: 'bar' }, element('legend', {}, 'Show only these families of clients'), ...families.map(({ label }) => label), all), status);

  function show(): void {
    const chosen = new Set(families.filter(({ box }) => box.checked).map(({ box }) => box.value));
    for (const row of rows) row.hidden = chosen.size > 0 && !chosen.has(familyOf(row));
    const { column, direction } = sorting;
    const sorted = direction === 0 ? rows : rows.toSorted((one, other) => direction * compare(one.cells[column], other.cells[column]));
    body?.append(...sorted);
    heads.forEach((head, index) => {
      if (index === column && direction !== 0) head.setAttribute('aria-sort', direction === 1 ? 'ascending' : 'descending');
      else head.removeAttribute('aria-sort');
    });
    const order = direction === 0 ? 'in the order of the lab' : `sorted by “${heads[column]?.textContent ?? ''}”${direction === -1 ? ', backwards' : ''}`;
    status.textContent = `${rows.filter(({ hidden }) => !hidden).length} of ${rows.length} clients, ${order}. The arrow keys go from cell to cell.`;
    all.disabled = chosen.size === 0;
    keepOneInTabOrder();
  }

  const links = (row: HTMLTableRowElement | undefined): HTMLAnchorElement[] => [...(row?.querySelectorAll<HTMLAnchorElement>('td a') ?? [])];

  /** A page of 300 links would need 300 presses of Tab. So one cell is in the order of Tab, and the arrow keys go to the others. */
  function keepOneInTabOrder(current?: HTMLAnchorElement): void {
    const shown = [...(body?.rows ?? [])].filter(({ hidden }) => !hidden);
    const one = current ?? shown.flatMap(links)[0];
    for (const link of rows.flatMap(links)) link.tabIndex = link === one ? 0 : -1;
  }

  body.addEventListener('keydown', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    const next = link && !event.ctrlKey && !event.altKey && !event.metaKey ? neighbour(link, event.key) : undefined;
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
  body.addEventListener('focusin', ({ target }) => { if (target instanceof HTMLAnchorElement) keepOneInTabOrder(target); });

  /** The cell in the direction of an arrow key, past cells that have no run. Home and End go to the ends of the row. */
  function neighbour(link: HTMLAnchorElement, key: string): HTMLAnchorElement | undefined {
    const row = link.closest('tr');
    const cell = link.closest('td');
    if (!row || !cell) return undefined;
    const own = links(row);
    const at = own.indexOf(link);
    if (key === 'ArrowRight') return own[at + 1];
    if (key === 'ArrowLeft') return own[at - 1];
    if (key === 'Home') return own[0];
    if (key === 'End') return own.at(-1);
    if (key !== 'ArrowDown' && key !== 'ArrowUp') return undefined;
    const shown = [...(body?.rows ?? [])].filter(({ hidden }) => !hidden);
    const place = shown.indexOf(row);
    const others = key === 'ArrowDown' ? shown.slice(place + 1) : shown.slice(0, place).reverse();
    return others.map((other) => other.cells[cell.cellIndex]?.querySelector('a')).find((found) => found !== null && found !== undefined) ?? undefined;
  }

  show();
}

function familyOf({ dataset }: HTMLTableRowElement): string {
  return dataset['family'] ?? '';
}

/** By outcome first, then by time. What has no time comes after what has one. The first column has the names. */
function compare(one: HTMLTableCellElement | undefined, other: HTMLTableCellElement | undefined): number {
  if (!one || !other) return 0;
  if (one.tagName === 'TH') return one.textContent.localeCompare(other.textContent);
  const numbers = ({ dataset }: HTMLTableCellElement): [number, number] => [Number(dataset['place']), Number(dataset['ms'] ?? Number.MAX_VALUE)];
  const [place, ms] = numbers(one);
  const [otherPlace, otherMs] = numbers(other);
  return place - otherPlace || ms - otherMs;
}
