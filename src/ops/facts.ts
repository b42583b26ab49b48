// The state of the agent at one moment: plain numbers, all read in the same turn of the event loop, so that they are consistent
// to the byte. Times are milliseconds, sizes bytes.
import type { Count } from "../core/fate.ts";
import type { Action } from "../core/options.ts";
import type { HostState } from "../core/output.ts";
import type { Forecast } from "../policy/forecast.ts";
import type { Durations } from "./durations.ts";

/** reloading, of an agent: nothing is read for a moment, while an agent with the new configuration replaces this one. */
export type State = "starting" | "running" | "reloading" | "stopping";
export type BufferMode = "memory" | "spill" | "degraded";
export type Circuit = "closed" | "open" | "half-open";

/** Stands for all inputs that are not configured any more. No input can have this id. */
export const RETIRED = "(retired)";

export interface Facts {
  readonly version: string;
  readonly state: State;
  readonly uptimeMs: number;
  readonly buffer: BufferFacts;
  readonly policies: ReadonlyMap<string, PolicyFacts>;
  /** By input id; inputs that are not configured any more are summed under RETIRED. */
  readonly inputs: ReadonlyMap<string, InputFacts>;
  readonly output: OutputFacts;
}

export interface BufferFacts {
  readonly mode: BufferMode;
  /** The utilization of the fullest ladder. */
  readonly utilization: number;
  readonly memoryBytes: number;
  readonly memoryMax: number;
  readonly diskBytes: number;
  readonly diskMax: number;
  /** Age of the oldest unresolved chunk; 0 if there is none. */
  readonly oldestMs: number;
  /** Chunks that do not fit into the memory of this configuration, or cannot be read for now. */
  readonly aside: number;
}

export interface PolicyFacts {
  readonly action: Action;
  /** 0 is accept. */
  readonly rung: number;
  readonly utilization: number;
  /** Wall clock at which `action` began. */
  readonly sinceMs: number;
  /** Whether records are being lost on purpose right now. */
  readonly shedding: boolean;
  /** Time spent per action since this process started, including the current action. Contains every action of the ladder. */
  readonly actionMs: Readonly<Partial<Record<Action, number>>>;
  /** For each rung, from the lowest: the utilization at which it is entered, and its effect as a sentence without a full stop. */
  readonly marks: readonly { readonly action: Action; readonly enter: number; readonly says: string }[];
  /** The expected course of its utilization. */
  readonly forecast: Forecast;
}

export interface LedgerFacts {
  readonly read: Count;
  /** By Fate; the entry for OPEN stays zero. */
  readonly fates: readonly Count[];
  /** Summed from the chunks in the buffer, never derived from the other counts. */
  readonly buffered: Count;
}

export interface InputFacts {
  readonly files: number;
  readonly open: number;
  readonly lagBytes: number;
  readonly lagMs: number;
  readonly rotatedBytes: number;
  readonly atRiskBytes: number;
  readonly unread: {
    readonly skipped: number;
    readonly deleted: number;
    readonly truncated: number;
    readonly abandoned: number;
  };
  /** Failed system calls on its files, since the start of this process. */
  readonly failures: number;
  /** Paths that were not read because of a symbolic link on the way. */
  readonly refusedLinks: number;
  /** Why its readers wait; undefined if they do not. */
  readonly waiting: string | undefined;
  /** The durable state at the start plus this process. */
  readonly ledger: LedgerFacts;
  /** Counters are the ledger minus this: what it was at the start of the process, and what `(retired)` has counted of it since. */
  readonly countedFrom: Omit<LedgerFacts, "buffered">;
}

export interface OutputFacts {
  /** For example "elasticsearch 8.19.0"; undefined until the server has answered. */
  readonly server: string | undefined;
  readonly concurrencyLimit: number;
  readonly inFlight: number;
  /** Batches that wait for a retry. */
  readonly retrying: number;
  readonly circuit: Circuit;
  readonly lastError: string | undefined;
  /** Wall clock time of `lastError`. */
  readonly lastErrorAtMs: number | undefined;
  /** The server has identified itself, and no failure has followed since. */
  readonly up: boolean;
  /** Wall clock at which documents were last stored; undefined if none were since the start. */
  readonly storedAtMs: number | undefined;
  readonly requests: number;
  readonly failures: Readonly<Record<Failure, number>>;
  /** Encoded bytes, before and after compression. */
  readonly bodyBytes: number;
  readonly wireBytes: number;
  /** Documents by the server's verdict. */
  readonly items: Readonly<Record<Verdict, number>>;
  readonly unexpectedDuplicates: number;
  /** Stored documents that went to the failure store of their data stream. */
  readonly failureStored: number;
  /** The dead letters that are kept: their number, their bytes, and the limit for the bytes. */
  readonly deadLetters: Count & { readonly max: number };
  readonly durations: Durations;
  readonly hosts: readonly HostState[];
  /** By index. */
  readonly targets: ReadonlyMap<string, TargetFacts>;
}

/** The state of one index. */
export interface TargetFacts {
  /** Whether the index accepts nothing while others do. */
  readonly stuck: boolean;
  /** Records in the buffer for this index. */
  readonly records: number;
  readonly bytes: number;
  /** Why the last attempt failed, the remedy, and its wall clock time; undefined while the index accepts documents. */
  readonly trouble: { readonly why: string; readonly hint: string; readonly atMs: number } | undefined;
}

/** Why a request failed as a whole; the kinds are those of core/output.ts. */
export const FAILURES = ["busy", "unanswered", "indigestible", "denied"] as const;
export type Failure = (typeof FAILURES)[number];

/** As in core/output.ts. */
export const VERDICTS = ["stored", "exists", "retry", "refused"] as const;
export type Verdict = (typeof VERDICTS)[number];
