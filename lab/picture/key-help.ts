/** The keys of the page. lab/picture/page/controls.ts has what they do. */
export const keyHelp: readonly (readonly [key: string, what: string, about?: 'requests'])[] = [
  ['W S', 'zoom in and out'],
  ['A D', 'move left and right'],
  ['0', 'show all'],
  ['L', 'true to time, or not'],
  ['arrow keys', 'go from mark to mark'],
  ['Enter', 'open the request of the mark as a ladder', 'requests'],
  ['P N', 'previous and next request', 'requests'],
  ['Esc', 'close the ladder, remove the filters'],
];
