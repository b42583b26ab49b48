// How a file compares with one of ours of which it may be a copy. A few bytes of both, at their beginnings and where reading
// has come to: what is said here makes a file wait and no more, who takes a source over compares all (copy-of.ts).
import { readSync } from "node:fs";
import { MARK_LENGTH } from "../../core/source.ts";
import type { Descriptors } from "./descriptors.ts";
import { formOfFile } from "./gzip/gzip-member.ts";
import { contentHead, firstContent } from "./gzip/packed.ts";
import { markBefore, sameMark } from "./identity.ts";
import type { Tail } from "./tail.ts";

/** unknown: one of them is too short, or not to be read. */
export function beginAlike(file: Tail, ours: Tail, descriptors: Descriptors): "yes" | "no" | "unknown" {
  const { head } = ours;
  const found = contentHead(file.fd, head.length);
  if (head.length > 0 && found.length === head.length) return found.hash === head.hash ? "yes" : "no";
  if (!descriptors.open(ours)) return "unknown";
  const [one, other] = [contentOf(file.fd), contentOf(ours.fd)];
  const length = Math.min(one.length, other.length);
  if (length === 0) return "unknown";
  return one.subarray(0, length).equals(other.subarray(0, length)) ? "yes" : "no";
}

/** Has the file what was read of the other, now or a while ago? */
export function hasRead(file: Tail, size: number, { position, mark, head, past }: Tail): boolean {
  return [{ position, mark, head }, ...past].some((then) => {
    if (then.position === 0 || size < then.position) return false;
    const { hash } = contentHead(file.fd, then.head.length);
    return hash === then.head.hash && sameMark(markBefore(file.fd, then.position), then.mark);
  });
}

/** Have both the same bytes before this offset? */
export function endAlike(fd: number, other: number, offset: number): boolean {
  return bytesBefore(fd, offset).equals(bytesBefore(other, offset));
}

function contentOf(fd: number): Buffer {
  return Buffer.from(firstContent(fd, formOfFile(fd)));
}

function bytesBefore(fd: number, end: number): Buffer {
  const start = Math.max(0, end - MARK_LENGTH);
  const bytes = Buffer.alloc(end - start);
  return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, start));
}
