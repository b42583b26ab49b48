// What the agent hands over when somebody asks how it is: plain numbers, all read in the same turn of the event loop, so
// that they fit together to the byte. Times are milliseconds, sizes bytes.
import type { Count } from "../core/fate.ts";
import type { Action } from "../core/options.ts";
import type { Durations } from "./durations.ts";

export type State = "starting" | "running" | "stopping";
export type BufferMode = "memory" | "spill" | "degraded";
export type Circuit = "closed" | "open" | "half-open";

export interface Facts {
  readonly version: string;
  readonly state: State;
  readonly uptimeMs: number;
  readonly buffer: BufferFacts;
  readonly policies: ReadonlyMap<string, PolicyFacts>;
  /** By input id; removed inputs together as `retired`. */
  readonly inputs: ReadonlyMap<string, InputFacts>;
  readonly output: OutputFacts;
}

export interface BufferFacts {
  readonly mode: BufferMode;
  /** The fullest ladder's. */
  readonly utilization: number;
  readonly memoryBytes: number;
  readonly memoryMax: number;
  readonly diskBytes: number;
  readonly diskMax: number;
  /** Age of the oldest unresolved chunk; 0 when there is none. */
  readonly oldestMs: number;
}

export interface PolicyFacts {
  readonly action: Action;
  /** 0 is accept. */
  readonly rung: number;
  readonly utilization: number;
  /** Wall clock at which `action` began. */
  readonly sinceMs: number;
  /** Whether records are being lost by intent right now. */
  readonly shedding: boolean;
  /** Time spent per action since this process started, the running one up to now. */
  readonly actionMs: Readonly<Partial<Record<Action, number>>>;
}

export interface LedgerFacts {
  readonly read: Count;
  /** By Fate; the entry for OPEN stays zero. */
  readonly fates: readonly Count[];
  /** Summed from the chunks held, never derived. */
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
  /** Files that had the content of another one, so far in this process. */
  readonly rereadFiles: number;
  /** What was durable at start plus this process. */
  readonly ledger: LedgerFacts;
  /** What was durable at start; metrics count from there. */
  readonly atStart: LedgerFacts;
}

export interface OutputFacts {
  /** For example "elasticsearch 8.19.0"; undefined until it has answered. */
  readonly server: string | undefined;
  readonly concurrencyLimit: number;
  readonly inFlight: number;
  /** Batches that wait to be sent again. */
  readonly retrying: number;
  readonly circuit: Circuit;
  readonly lastError: string | undefined;
  readonly requests: number;
  readonly requestsFailed: number;
  /** Encoded bytes, before and after compression. */
  readonly bodyBytes: number;
  readonly wireBytes: number;
  /** Documents by what the server said of them. */
  readonly items: Readonly<Record<Verdict, number>>;
  readonly unexpectedDuplicates: number;
  readonly durations: Durations;
}

/** As in core/output.ts. */
export const VERDICTS = ["stored", "exists", "retry", "refused"] as const;
export type Verdict = (typeof VERDICTS)[number];
