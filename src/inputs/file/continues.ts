// Whether an open file has the content that a source of ours was read from.
import { fstatSync } from "node:fs";
import type { Identity, Mark } from "../../core/source.ts";
import { NO_MARK } from "../../core/source.ts";
import { formOfFile } from "./gzip/gzip-member.ts";
import { markBefore, sameMark } from "./identity.ts";
import { contentHead } from "./gzip/packed.ts";

/**
 * True when it begins as `identity` says, and has what a reader at `offset` has read before it. Of a compressed file the
 * latter is found out when reading comes there. What is too short to tell whether it is one, an emptied file that is, goes
 * on with nothing.
 */
export function continues(fd: number, identity: Identity, offset: number, mark: Mark): boolean {
  const { length, hash } = contentHead(fd, identity.headLength);
  if (length !== identity.headLength || hash !== identity.headHash) return false;
  const form = formOfFile(fd);
  if (form !== "plain") return form === "gzip";
  if (fstatSync(fd).size < offset) return false;
  const before = mark.length === 0 ? NO_MARK : markBefore(fd, offset);
  return sameMark(before, mark);
}
