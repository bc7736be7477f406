/** Makes elements. Text is always set as text. */

export function element<Name extends keyof HTMLElementTagNameMap>(name: Name, attributes: Record<string, string> = {}, ...children: (Node | string)[]): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A button with its key in its tooltip. */
export function button(text: string, label: string, key: string, onClick: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button', title: `${label} (key ${key})`, 'aria-label': label }, text);
  made.addEventListener('click', onClick);
  return made;
}

/** A value, and its text. */
export type Choice = readonly [value: string, text: string];

/** A list to choose from. `choose` replaces its entries; what is chosen stays, if it is still there. */
export function select(label: string, choices: readonly Choice[], onChange: (value: string) => void): { label: HTMLLabelElement; select: HTMLSelectElement; choose(choices: readonly Choice[]): void } {
  const id = `choose-${label.toLowerCase()}`;
  const entries = (of: readonly Choice[]): HTMLElement[] => of.map(([value, text]) => element('option', { value }, text));
  const made = element('select', { id }, ...entries(choices));
  made.addEventListener('change', () => { onChange(made.value); });
  return {
    label: element('label', { for: id }, label),
    select: made,
    choose: (others) => {
      if (others.length === made.options.length && others.every(([value], index) => made.options[index]?.value === value)) return;
      const { value } = made;
      made.replaceChildren(...entries(others));
      made.value = others.some(([each]) => each === value) ? value : '';
    },
  };
}

const namespace = 'http://www.w3.org/2000/svg';

export function svgElement(attributes: Record<string, string>): SVGSVGElement {
  const made = document.createElementNS(namespace, 'svg');
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
