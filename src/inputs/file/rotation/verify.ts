// Compares held compressed files with the sources that they may be copies of, one at a time. Unpacking a large file takes
// seconds; everything else goes on meanwhile.
import { constants } from "node:fs";
import { hasCode } from "../../../core/errors.ts";
import { contentWithin, unpackedExtent } from "../gzip/compare.ts";
import { continues, type Verdict } from "../identity/candidate.ts";
import type { CandidateFacts } from "../identity/resolve.ts";
import { openJudged } from "../identity/links.ts";
import { closeSync, openSync } from "../mounts/system-calls.ts";
import { isSystemError, openPath, realPathOf } from "../paths.ts";
import type { Shared } from "../shared.ts";
import { isShortage } from "../tail/descriptors.ts";
import { CLOSED, type Tail } from "../tail/tail.ts";
import type { HeldCandidates } from "./held.ts";

export async function verifyHeld(
  held: HeldCandidates,
  holding: CandidateFacts["holding"],
  { signal }: Pick<Shared, "signal">,
): Promise<void> {
  for (const [path, { key, size }, source] of held.toVerify(holding)) {
    const verdict = await verdictOf(path, source, signal);
    if (signal.aborted) return;
    const now = held.at(path);
    if (now === undefined || now.key !== key || now.size !== size || verdict === undefined) continue;
    if (verdict === "failed" && holding === "allowed" && held.failed(now)) continue;
    // Rather twice than never: what cannot be compared is read.
    now.verdicts.set(source, verdict === "failed" ? { common: "different", reach: "all" } : verdict);
    now.dueAt = 0;
  }
}

/** Undefined: no verdict is possible now. failed: the disk or server did not let it be compared. */
async function verdictOf(path: string, source: Tail, signal: AbortSignal): Promise<Verdict | "failed" | undefined> {
  const fds: number[] = [];
  try {
    const packed = openPath(realPathOf(path) ?? path);
    fds.push(packed);
    const plain = openPlain(source);
    if (plain === undefined) {
      const { position } = source;
      const common = await unpackedExtent(packed, [source, ...source.earlier], signal);
      return common === undefined ? undefined : { common, reach: common === position ? "position" : "all" };
    }
    fds.push(plain);
    const common = await contentWithin(packed, plain, signal);
    // The plain file may have been truncated meanwhile, as copytruncate does.
    const { fingerprint, position, checksum } = source;
    if (common === "different" && !continues(plain, fingerprint, position, checksum)) return undefined;
    return common === undefined ? undefined : { common, reach: "all" };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return isShortage(error) ? undefined : "failed";
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}

/** Opens the source's plain file once more, as the tail may close its own descriptor. Undefined: none can be found. */
function openPlain(source: Tail): number | undefined {
  const { attached, dev, fd, inodeKey, mode, packed, path } = source;
  if (!attached || packed !== undefined) return undefined;
  // This also opens an unlinked file.
  if (fd !== CLOSED) return openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY);
  const real = mode === "named" ? realPathOf(path) : undefined;
  try {
    return real === undefined ? undefined : openJudged(real, `${dev}:${inodeKey}`);
  } catch (error) {
    // It was renamed or removed.
    if (hasCode(error, "ENOENT", "ENOTDIR", "ELOOP")) return undefined;
    throw error;
  }
}
