/**
 * The result of one look. `outcome` is `connected`, `response`, `silent` (nothing within the time), `connected, then silent`, or an error
 * code as the kernel names it.
 */
export interface Sighting {
  outcome: string;
  /** When the probe began, on the lab's clock. */
  startMs: number;
  tookMs: number;
  /** Length of the response's body. */
  bytes?: number;
  status?: number;
  /** The server process that answered, from the header x-process. */
  process?: string;
}
