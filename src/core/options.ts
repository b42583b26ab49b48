// The effective configuration for all stages: parsed, substituted, with defaults, in bytes, milliseconds and ratios. `config/`
// makes it from YAML. A stage reads only its own part. Names are those of the YAML (docs/reference/config.md).

export interface FileInputOptions {
  readonly id: string;
  readonly type: "file";
  readonly paths: readonly string[];
  readonly exclude: readonly string[];
  readonly start: "beginning" | "end";
  readonly format: "text" | "json" | "cri" | "docker";
  /** WHATWG name of the encoding. */
  readonly encoding: string;
  readonly multiline: MultilineOptions | undefined;
  /** Milliseconds after which an unterminated last line is taken as a record; 0 = never. */
  readonly partialTimeout: number;
  readonly timestamp: TimestampOptions | undefined;
  readonly includeLines: readonly RegExp[];
  readonly excludeLines: readonly RegExp[];
  readonly redact: readonly RegExp[];
  /** Maximum bytes of a record, terminator excluded. */
  readonly maxRecord: number;
  readonly oversize: "truncate" | "skip";
  /** Skip files unmodified for this many milliseconds; 0 = read files of any age. */
  readonly ignoreOlder: number;
  /** Bytes of unlinked files that are kept open. Beyond this, the oldest are abandoned. */
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
  /** Lines that begin with white space belong to the line before. */
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
  /** Ratio per ladder; ladders not named here share the rest equally. */
  readonly shares: Readonly<Record<string, number>>;
  readonly maxAge: number;
}

/** What to notify while a rung stays in force and when it is left: an http or https URL, or a program with its arguments. */
export type NotifyTarget = { readonly url: string } | { readonly command: readonly string[] };

interface RungBase {
  readonly enter: number;
  readonly leave: number;
  readonly notify: NotifyTarget | undefined;
}
export interface BlockRung extends RungBase {
  readonly action: "block";
  /** Undefined: intake waits without limit. */
  readonly until: { readonly waited: number | undefined; readonly atRisk: number | undefined } | undefined;
}
export interface RateLimitRung extends RungBase {
  readonly action: "rate-limit";
  /** Bytes per second; the burst in bytes. */
  readonly rate: number;
  readonly burst: number;
  readonly excess: "wait" | "drop";
}
export interface SampleRung extends RungBase {
  readonly action: "sample";
  /** One record in `keep` is kept: a whole number of at least 2. */
  readonly keep: number;
  /** Records of at least this level are always kept. */
  readonly always: Level | undefined;
}
export interface DropRung extends RungBase {
  readonly action: "drop-newest" | "drop-random" | "drop-oldest";
}
export type Rung = BlockRung | RateLimitRung | SampleRung | DropRung;
/** Rungs by rising `enter`. Below the first rung, every record is accepted. */
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
  readonly auth:
    | { readonly apiKey: string }
    | { readonly bearer: string }
    | { readonly username: string; readonly password: string }
    | undefined;
  readonly tls: TlsOptions;
  /** Sent with every request; may contain secrets. */
  readonly headers: Readonly<Record<string, string>>;
  readonly proxy: ProxyOptions;
  readonly pipeline: string | undefined;
  readonly requireDataStream: boolean;
  readonly compression: "none" | "gzip";
  readonly batch: { readonly bytes: number; readonly records: number; readonly age: number };
  readonly concurrency: "auto" | number;
  /** Bytes per second; 0 = no cap. */
  readonly rate: number;
  readonly order: "oldest" | "newest";
  /** Milliseconds within which a connection must be established. */
  readonly connectTimeout: number;
  /** Milliseconds from the last byte of a request to the first byte of its response. */
  readonly timeout: number;
  /** Maximum bytes of the dead-letter table. */
  readonly deadLetters: number;
  /** Tags of every document. The inputs' `fields` contain them already. */
  readonly tags: readonly string[];
}
export interface ProxyOptions {
  /** Used for every host; may contain credentials. */
  readonly url: string | undefined;
  /** Used when `url` is undefined: HTTPS_PROXY, HTTP_PROXY and NO_PROXY from the environment, under their upper-case names. */
  readonly env: Readonly<Record<string, string>>;
}
export interface TlsOptions {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly passphrase: string | undefined;
  readonly verify: boolean;
  /** Checksum of the content of these files when the configuration was loaded, so that a reload sees whether it has changed. */
  readonly contents?: string | undefined;
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
