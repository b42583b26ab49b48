// What an input says about itself.
import type { Growth } from "./growth.ts";
import type { Shared, Unread } from "./parts.ts";
import type { Registry } from "./registry.ts";
import { CLOSED } from "./tail.ts";

export interface FileInputStatus {
  readonly files: number;
  /** Descriptors held. */
  readonly open: number;
  /** Bytes that are there and were not handed over, partial last lines included. */
  readonly lagBytes: number;
  /** For how long the oldest of them have been there. */
  readonly lagSeconds: number;
  /** Unread bytes of files that go by another name than the one they were found by. */
  readonly rotatedBytes: number;
  /** Unread bytes of files without a name. */
  readonly atRiskBytes: number;
  readonly unread: Unread;
  /** Files that had the content of another one, so far. */
  readonly rereadFiles: number;
  /** Bytes a second that producers write. */
  readonly growth: number;
}

export function statusOf(registry: Registry, growth: Growth, shared: Shared): FileInputStatus {
  const now = shared.clock.now();
  let [open, lagBytes, lagMs, rotatedBytes, atRiskBytes] = [0, 0, 0, 0, 0];
  for (const tail of registry.all) {
    if (tail.fd !== CLOSED) open++;
    const { lag } = tail;
    if (lag === 0) continue;
    lagBytes += lag;
    if (tail.searched < tail.pledged) lagMs = Math.max(lagMs, now - tail.pledgedAt);
    if (tail.mode === "nameless") atRiskBytes += tail.links === 0 ? lag : 0;
    else if (tail.path !== tail.firstPath) rotatedBytes += lag;
  }
  const unread = { ...shared.unread };
  const lagSeconds = lagMs / 1000;
  return {
    files: registry.all.size,
    open,
    lagBytes,
    lagSeconds,
    rotatedBytes,
    atRiskBytes,
    unread,
    rereadFiles: shared.rereads.files,
    growth: growth.rate,
  };
}
