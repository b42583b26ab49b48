// From what was read (keys as in the file) to the options that the stages see: the defaults that depend on other values,
// absolute paths, camel case.
import { resolve } from "node:path";
import type { Config, FileInputOptions, Ladder, OutputOptions, Rung } from "../core/options.ts";
import type { Read, ReadInput, ReadRung } from "./schema/index.ts";

const MIB = 2 ** 20;

/** A config without faults. Relative paths are taken from `cwd`. */
export function effective(read: Read, cwd: string): Config {
  const { buffer } = read;
  return {
    inputs: read.inputs.map((input) => inputOf(input, cwd)),
    buffer: {
      path: resolve(cwd, buffer.path),
      memory: buffer.memory,
      disk: buffer.disk,
      shares: buffer.shares,
      maxAge: buffer.max_age,
    },
    policies: Object.fromEntries(Object.entries(read.policies).map(([name, rungs]) => [name, ladderOf(rungs)])),
    output: outputOf(read, cwd),
    admin: { listen: read.admin.listen, hosts: read.admin.hosts },
    shutdown: { grace: read.shutdown.grace, readToEnd: read.shutdown.read_to_end },
    log: { level: read.log.level },
  };
}

function inputOf(input: ReadInput, cwd: string): FileInputOptions {
  const { multiline, timestamp } = input;
  return {
    id: input.id,
    type: input.type,
    paths: input.paths.map((path) => resolve(cwd, path)),
    exclude: input.exclude,
    start: input.start,
    format: input.format,
    encoding: input.encoding,
    multiline: multiline && {
      start: multiline.start,
      end: multiline.end,
      indent: multiline.indent,
      timeout: multiline.timeout,
      maxRecords: multiline.max_records,
    },
    partialTimeout: input.partial_timeout,
    timestamp: timestamp && { field: timestamp.field, format: timestamp.format },
    includeLines: input.include_lines,
    excludeLines: input.exclude_lines,
    redact: input.redact,
    maxRecord: input.max_record,
    oversize: input.oversize,
    ignoreOlder: input.ignore_older,
    held: input.held,
    fields: input.fields,
    index: input.index,
    policy: input.policy,
  };
}

export function ladderOf(rungs: readonly ReadRung[]): Ladder {
  return rungs.map(rungOf);
}

function rungOf(rung: ReadRung): Rung {
  const marks = { enter: rung.enter, leave: rung.leave, notify: rung.notify };
  switch (rung.action) {
    case "block":
      return {
        action: "block",
        ...marks,
        until: rung.until && { waited: rung.until.waited, atRisk: rung.until.at_risk },
      };
    case "rate-limit":
      return { action: "rate-limit", ...marks, rate: rung.rate, burst: rung.burst, excess: rung.excess };
    case "sample":
      return { action: "sample", ...marks, keep: rung.keep, always: rung.always };
    default:
      return { action: rung.action, ...marks };
  }
}

function outputOf(read: Read, cwd: string): OutputOptions {
  const { output, buffer } = read;
  const { batch, tls } = output;
  const file = (path: string | undefined): string | undefined => (path === undefined ? undefined : resolve(cwd, path));
  return {
    type: output.type,
    hosts: output.hosts,
    index: output.index,
    operation: output.operation,
    ids: output.ids,
    auth: authOf(output.auth),
    tls: { ca: file(tls.ca), cert: file(tls.cert), key: file(tls.key), verify: tls.verify },
    compression: output.compression,
    batch: {
      bytes: batch.bytes ?? Math.floor(Math.min(5 * MIB, buffer.memory / 8)),
      records: batch.records,
      age: batch.age,
    },
    concurrency: output.concurrency,
    rate: output.rate,
    order: output.order,
    timeout: output.timeout,
    deadLetters: output.dead_letters,
  };
}

function authOf(auth: Read["output"]["auth"]): OutputOptions["auth"] {
  if (auth === undefined) return undefined;
  if (auth.api_key !== undefined) return { apiKey: auth.api_key };
  return { username: auth.username ?? "", password: auth.password ?? "" };
}
