// Converts the parsed configuration (keys as in the file) to the options that the stages get: it fills in the defaults that
// depend on other values, makes paths absolute, and renames the keys to camel case.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Config, FileInputOptions, Ladder, OutputOptions, Rung } from "../core/options.ts";
import type { Environment } from "./yaml/substitute.ts";
import type { Read, ReadInput, ReadRung } from "./schema/index.ts";

const MIB = 2 ** 20;

/** @param read a configuration without faults @param cwd directory to which relative paths are relative */
export function effective(read: Read, cwd: string, env: Environment): Config {
  const { buffer } = read;
  return {
    inputs: read.inputs.map((input) => inputOf(input, read.output.tags, cwd)),
    buffer: {
      path: resolve(cwd, buffer.path),
      memory: buffer.memory,
      disk: buffer.disk,
      shares: buffer.shares,
      maxAge: buffer.max_age,
    },
    policies: Object.fromEntries(Object.entries(read.policies).map(([name, rungs]) => [name, ladderOf(rungs)])),
    output: outputOf(read, cwd, env),
    admin: { listen: read.admin.listen, hosts: read.admin.hosts },
    shutdown: { grace: read.shutdown.grace, readToEnd: read.shutdown.read_to_end },
    log: { level: read.log.level },
  };
}

function inputOf(input: ReadInput, tags: readonly string[], cwd: string): FileInputOptions {
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
    fields: withTags(input.fields, tags),
    index: input.index,
    policy: input.policy,
  };
}

type Fields = FileInputOptions["fields"];

/** Prepends the output's tags to those of the input. */
function withTags(fields: Fields, tags: readonly string[]): Fields {
  const { tags: own = [], ...others } = fields;
  return tags.length === 0 ? fields : { ...others, tags: [...new Set([...tags, ...[own].flat()])] };
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

const PROXY_VARIABLES = ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"] as const;

function proxyOf(url: string | undefined, env: Environment): OutputOptions["proxy"] {
  const found = PROXY_VARIABLES.map((name) => [name, env[name.toLowerCase()] || env[name] || ""] as const);
  return { url, env: url === undefined ? Object.fromEntries(found.filter(([, value]) => value !== "")) : {} };
}

function outputOf(read: Read, cwd: string, env: Environment): OutputOptions {
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
    tls: {
      ca: file(tls.ca),
      cert: file(tls.cert),
      key: file(tls.key),
      passphrase: tls.passphrase,
      verify: tls.verify,
      contents: contentsOf([tls.ca, tls.cert, tls.key].map(file)),
    },
    headers: output.headers,
    proxy: proxyOf(output.proxy, env),
    pipeline: output.pipeline,
    requireDataStream: output.require_data_stream,
    compression: output.compression,
    batch: {
      bytes: batch.bytes ?? Math.floor(Math.min(5 * MIB, buffer.memory / 8)),
      records: batch.records,
      age: batch.age,
    },
    concurrency: output.concurrency,
    rate: output.rate,
    order: output.order,
    connectTimeout: output.connect_timeout,
    timeout: output.timeout,
    deadLetters: output.dead_letters,
    tags: output.tags,
  };
}

/** One checksum for the contents of all these files. A file that cannot be read is left out. */
function contentsOf(files: readonly (string | undefined)[]): string | undefined {
  const sums = files.map((file) => {
    if (file === undefined) return "";
    try {
      return createHash("sha256").update(readFileSync(file)).digest("hex");
    } catch {
      return "";
    }
  });
  return sums.every((sum) => sum === "") ? undefined : createHash("sha256").update(sums.join(",")).digest("hex");
}

function authOf(auth: Read["output"]["auth"]): OutputOptions["auth"] {
  if (auth === undefined) return undefined;
  if (auth.api_key !== undefined) return { apiKey: encoded(auth.api_key) };
  if (auth.bearer !== undefined) return { bearer: auth.bearer };
  return { username: auth.username ?? "", password: auth.password ?? "" };
}

/** Other agents accept `id:key`, but the server accepts only its base64 form, which has no colon. */
function encoded(apiKey: string): string {
  return apiKey.includes(":") ? Buffer.from(apiKey).toString("base64") : apiKey;
}
