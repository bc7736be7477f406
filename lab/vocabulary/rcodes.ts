/** The response codes of DNS (RFC 1035 section 4.1.1). BADVERS is from RFC 6891 section 9. */
export const rcodes: Record<string, number> = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 };
export const rcodeNames = Object.keys(rcodes);
