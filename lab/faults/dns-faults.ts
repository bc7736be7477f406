/** The faults of the DNS server's answers, by name, type and client. */
import { dnsCname } from './dns-cname.ts';
import { dnsDeadAddress } from './dns-dead-address.ts';
import { dnsDelay } from './dns-delay.ts';
import { dnsDrop } from './dns-drop.ts';
import { dnsDuplicate } from './dns-duplicate.ts';
import { dnsFlags } from './dns-flags.ts';
import { dnsNoTcp } from './dns-no-tcp.ts';
import { dnsNodata } from './dns-nodata.ts';
import { dnsRcode } from './dns-rcode.ts';
import { dnsRecordRemoved } from './dns-record-removed.ts';
import { dnsTruncate } from './dns-truncate.ts';
import { dnsTtl } from './dns-ttl.ts';
import { dnsWrongId } from './dns-wrong-id.ts';

export const dnsFaults = {
  'dns-rcode': dnsRcode,
  'dns-nodata': dnsNodata,
  'dns-drop': dnsDrop,
  'dns-delay': dnsDelay,
  'dns-flags': dnsFlags,
  'dns-truncate': dnsTruncate,
  'dns-no-tcp': dnsNoTcp,
  'dns-wrong-id': dnsWrongId,
  'dns-duplicate': dnsDuplicate,
  'dns-dead-address': dnsDeadAddress,
  'dns-record-removed': dnsRecordRemoved,
  'dns-ttl': dnsTtl,
  'dns-cname': dnsCname,
};
