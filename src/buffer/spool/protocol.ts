// The messages between the main thread and the spool's worker thread.
import type { ExitCode } from "../../core/errors.ts";
import type { Shedding, Transaction } from "./spool.ts";

export interface SpoolOptions {
  readonly directory: string;
  /** Budget of the dead-letter table in bytes. */
  readonly deadLetters: number;
  /** `buffer.disk`: bytes of database, WAL and reserve; 0: no rows. */
  readonly disk: number;
}

export type Call =
  /** `salvage`: a damaged database may be salvaged. `atMs`: wall clock. */
  | { readonly kind: "open"; readonly salvage: boolean; readonly atMs: number }
  /** A page of sources, for a start: `limit` of them behind the `skip` next ones after number `after`. */
  | { readonly kind: "sources"; readonly after: number; readonly skip: number; readonly limit: number }
  /** `number` rises by one with each write. If it equals the last write carried out, the worker only answers again. */
  | { readonly kind: "commit"; readonly transaction: Transaction; readonly number: number }
  | { readonly kind: "heads"; readonly queue: number; readonly after: number; readonly limit: number }
  | { readonly kind: "load"; readonly block: number; readonly heads: Float64Array }
  | { readonly kind: "shed"; readonly shedding: Shedding; readonly number: number }
  | { readonly kind: "survey" }
  /** A write that changes nothing, to find out whether the disk takes one. */
  | { readonly kind: "prove" }
  | { readonly kind: "close" };
export type Question = { readonly id: number } & Call;

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly exit: ExitCode;
}
export type Answer =
  | { readonly id: number; readonly result: unknown; readonly failure: Failure | undefined }
  /** The directory has the running agent's state again. `aside`: path of the other database that lay there, if any. */
  | { readonly home: string; readonly aside: string | undefined }
  /** Progress while the backlog of an earlier version is upgraded. */
  | { readonly upgraded: number; readonly of: number };
