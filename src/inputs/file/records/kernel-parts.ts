// The parts of the kernel that find and check records.
import type { Region } from "../../../core/arena.ts";
import type { Members } from "../../../kernel/members.ts";
import type { Names } from "../../../kernel/names.ts";

export interface LineScanner {
  scan(region: Region, from: number, length: number): { records: number; end: number; longest: number };
}

export interface ObjectChecker {
  readonly found: Members;
  object(bytes: Uint8Array, from: number, to: number, names: Names): void;
}
