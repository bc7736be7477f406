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

export function select(label: string, options: readonly (readonly [string, string])[], onChange: (value: string) => void): { label: HTMLLabelElement; select: HTMLSelectElement } {
  const id = `choose-${label.toLowerCase()}`;
  const made = element('select', { id }, ...options.map(([value, text]) => element('option', { value }, text)));
  made.addEventListener('change', () => { onChange(made.value); });
  return { label: element('label', { for: id }, label), select: made };
}

const namespace = 'http://www.w3.org/2000/svg';

export function svgElement(attributes: Record<string, string>): SVGSVGElement {
  const made = document.createElementNS(namespace, 'svg');
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
