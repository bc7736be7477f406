/** The names of the settings of HTTP/2 (RFC 9113 section 6.5.2). */

export const headerTableSize = 1;
const settings: Readonly<Record<number, string>> = {
  [headerTableSize]: 'HEADER_TABLE_SIZE', 2: 'ENABLE_PUSH', 3: 'MAX_CONCURRENT_STREAMS', 4: 'INITIAL_WINDOW_SIZE', 5: 'MAX_FRAME_SIZE', 6: 'MAX_HEADER_LIST_SIZE', 8: 'ENABLE_CONNECT_PROTOCOL', 9: 'NO_RFC7540_PRIORITIES',
};

/** Returns the name of a setting, or its number where it has no name: `setting 99`. */
export function settingName(id: number): string {
  return settings[id] ?? `setting ${id}`;
}
