/** Retry-After in milliseconds, from seconds or an HTTP date; undefined if it is unusable. */
export function retryAfter(header: string | undefined, wallMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - wallMs);
}
