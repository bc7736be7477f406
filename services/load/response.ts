/**
 * Returns the first response in `text`, or null if it is not whole yet. Every server of the lab sends Content-Length.
 * `closes`: the response has `Connection: close`. `process`: its header x-process.
 */
export function firstResponse(text: string): { bytes: number; closes: boolean; process: string } | null {
  const headersEnd = text.indexOf('\r\n\r\n');
  if (headersEnd < 0) return null;
  const headers = text.slice(0, headersEnd);
  const bytes = headersEnd + 4 + Number(/^content-length: *(\d+)/im.exec(headers)?.[1] ?? 0);
  return text.length < bytes ? null : { bytes, closes: /^connection: *close/im.test(headers), process: /^x-process: *(\S+)/im.exec(headers)?.[1] ?? '' };
}
