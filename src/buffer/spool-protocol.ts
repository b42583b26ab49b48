// What the main thread and the spool's worker say to each other.
import type { ExitCode } from "../core/errors.ts";
import type { Committed, Recovered, Transaction } from "./spool.ts";

export interface SpoolOptions {
  readonly directory: string;
  /** Bytes of the dead-letter table. */
  readonly letters: number;
  /** PRAGMA max_page_count; 0 = no limit. */
  readonly maxPages: number;
}

interface Place {
  readonly ptr: number;
}
export type Question = { readonly id: number } & (
  | { readonly kind: "open" }
  | { readonly kind: "commit"; readonly transaction: Transaction }
  | { readonly kind: "load"; readonly seq: number; readonly region: Place; readonly table: Place | undefined }
  | { readonly kind: "close" }
);
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly exit: ExitCode;
}
export interface Answer {
  readonly id: number;
  readonly result: Recovered | Committed | "loaded" | "corrupt" | undefined;
  readonly failure: Failure | undefined;
}
