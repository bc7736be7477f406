/** The first whole response in `text`, null while it is not whole; every server of the lab tells its length. */
export function firstResponse(text: string): { bytes: number; closes: boolean; process: string } | null {
  const headersEnd = text.indexOf('\r\n\r\n');
  if (headersEnd < 0) return null;
  const headers = text.slice(0, headersEnd);
  const bytes = headersEnd + 4 + Number(/^content-length: *(\d+)/im.exec(headers)?.[1] ?? 0);
  return text.length < bytes ? null : { bytes, closes: /^connection: *close/im.test(headers), process: /^x-process: *(\S+)/im.exec(headers)?.[1] ?? '' };
}
