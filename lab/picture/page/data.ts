/** Reads the data that the page holds. */
import { dataElement, type PageData } from '../page-data.ts';

export async function readData(): Promise<PageData> {
  const text = document.getElementById(dataElement)?.textContent ?? '';
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return (await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).json()) as PageData;
}
