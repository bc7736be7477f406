/** The names of what HTTP/2 says in numbers (RFC 9113 sections 6.5.2 and 7). */

const errors = [
  'NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'FLOW_CONTROL_ERROR', 'SETTINGS_TIMEOUT', 'STREAM_CLOSED', 'FRAME_SIZE_ERROR', 'REFUSED_STREAM', 'CANCEL', 'COMPRESSION_ERROR', 'CONNECT_ERROR', 'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY', 'HTTP_1_1_REQUIRED',
];

/** Returns the name of an error code, or its number where it has no name: `error 99`. */
export function errorName(code: number): string {
  return errors[code] ?? `error ${code}`;
}

export const headerTableSize = 1;
const settings: Readonly<Record<number, string>> = {
  [headerTableSize]: 'HEADER_TABLE_SIZE', 2: 'ENABLE_PUSH', 3: 'MAX_CONCURRENT_STREAMS', 4: 'INITIAL_WINDOW_SIZE', 5: 'MAX_FRAME_SIZE', 6: 'MAX_HEADER_LIST_SIZE', 8: 'ENABLE_CONNECT_PROTOCOL', 9: 'NO_RFC7540_PRIORITIES',
};

/** Returns the name of a setting, or its number where it has no name: `setting 99`. */
export function settingName(id: number): string {
  return settings[id] ?? `setting ${id}`;
}
