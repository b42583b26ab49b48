// The effective configuration as every stage sees it: parsed, substituted, defaulted, in bytes, milliseconds and
// ratios. `config/` makes it from YAML; a stage reads only its own part. Names mirror the YAML (docs/reference/config.md).

export interface FileInputOptions {
  readonly id: string;
  readonly type: "file";
  readonly paths: readonly string[];
  readonly exclude: readonly string[];
  readonly start: "beginning" | "end";
  readonly format: "text" | "json" | "cri" | "docker";
  /** WHATWG name. */
  readonly encoding: string;
  readonly multiline: MultilineOptions | undefined;
  /** Milliseconds after which a last line is taken without its end; 0 = never. */
  readonly partialTimeout: number;
  readonly timestamp: TimestampOptions | undefined;
  readonly includeLines: readonly RegExp[];
  readonly excludeLines: readonly RegExp[];
  readonly redact: readonly RegExp[];
  /** Bytes of one record, terminator excluded. */
  readonly maxRecord: number;
  readonly oversize: "truncate" | "skip";
  /** Milliseconds; 0 = read however old. */
  readonly ignoreOlder: number;
  /** Bytes of nameless files kept open; the oldest are abandoned beyond it. */
  readonly held: number;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Overrides the output's index. */
  readonly index: string | undefined;
  readonly policy: string;
}
export type InputOptions = FileInputOptions;

export interface MultilineOptions {
  readonly start: RegExp | undefined;
  readonly end: RegExp | undefined;
  /** Lines that begin with white space belong to the one before. */
  readonly indent: boolean;
  readonly timeout: number;
  readonly maxRecords: number;
}

export interface TimestampOptions {
  readonly field: string | undefined;
  readonly format: string;
}

export interface BufferOptions {
  /** The state directory. */
  readonly path: string;
  readonly memory: number;
  /** 0 = memory only. */
  readonly disk: number;
  /** Ratio per ladder; ladders not named share the rest equally. */
  readonly shares: Readonly<Record<string, number>>;
  readonly maxAge: number;
}

interface RungBase {
  readonly enter: number;
  readonly leave: number;
  /** A command (string beginning with / or a word) or an http URL. */
  readonly notify: string | undefined;
}
export interface BlockRung extends RungBase {
  readonly action: "block";
  /** Undefined: intake waits for ever. */
  readonly until: { readonly waited: number | undefined; readonly atRisk: number | undefined } | undefined;
}
export interface RateLimitRung extends RungBase {
  readonly action: "rate-limit";
  /** Bytes a second and bytes. */
  readonly rate: number;
  readonly burst: number;
  readonly excess: "wait" | "drop";
}
export interface SampleRung extends RungBase {
  readonly action: "sample";
  /** One in `keep` is kept: a whole number of at least 2. */
  readonly keep: number;
  /** Records of at least this level are always kept. */
  readonly always: Level | undefined;
}
export interface DropRung extends RungBase {
  readonly action: "drop-newest" | "drop-random" | "drop-oldest";
}
export type Rung = BlockRung | RateLimitRung | SampleRung | DropRung;
/** Rungs by rising `enter`. Accepting is implied below the first. */
export type Ladder = readonly Rung[];
export type Action = "accept" | Rung["action"];

/** Severity from low to high. */
export const LEVELS = ["trace", "debug", "info", "notice", "warn", "error", "critical", "alert", "fatal"] as const;
export type Level = (typeof LEVELS)[number];

export interface OutputOptions {
  readonly type: "elasticsearch";
  readonly hosts: readonly string[];
  /** May contain {input}, {field:NAME}, {date:FORMAT}. */
  readonly index: string;
  readonly operation: "create" | "index";
  readonly ids: "offset" | "auto";
  readonly auth: { readonly apiKey: string } | { readonly username: string; readonly password: string } | undefined;
  readonly tls: TlsOptions;
  readonly compression: "none" | "gzip";
  readonly batch: { readonly bytes: number; readonly records: number; readonly age: number };
  readonly concurrency: "auto" | number;
  /** Bytes a second; 0 = no cap. */
  readonly rate: number;
  readonly order: "oldest" | "newest";
  readonly timeout: number;
  /** Bytes of the dead-letter table. */
  readonly deadLetters: number;
}
export interface TlsOptions {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly verify: boolean;
}

export interface AdminOptions {
  readonly listen: { readonly host: string; readonly port: number } | { readonly socket: string } | "off";
  readonly hosts: readonly string[];
}

export interface Config {
  readonly inputs: readonly InputOptions[];
  readonly buffer: BufferOptions;
  readonly policies: Readonly<Record<string, Ladder>>;
  readonly output: OutputOptions;
  readonly admin: AdminOptions;
  readonly shutdown: { readonly grace: number; readonly readToEnd: boolean };
  readonly log: { readonly level: "debug" | "info" | "warn" | "error" };
}
