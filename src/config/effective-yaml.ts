// Writes the effective configuration as valid YAML configuration: every key with its exact effective value. Invariant: it
// contains no secret.
import type { Config, InputOptions, OutputOptions, Rung } from "../core/options.ts";
import { durationText, ratioText, sizeText } from "../core/units.ts";
import { targetFacts } from "./values/notify.ts";
import { HIDDEN, hideSecrets } from "./faults/secrets.ts";
import { writeYaml } from "./yaml/yaml.ts";

/** @param secrets values from files, credentials and secret variables; hidden wherever they occur */
export function effectiveYaml(config: Config, secrets: ReadonlySet<string> = new Set()): string {
  return writeYaml(effectiveFacts(config, secrets));
}

/** The effective configuration as data, with the keys of the file. */
export function effectiveFacts(config: Config, secrets: ReadonlySet<string> = new Set()): Record<string, unknown> {
  const { buffer, admin } = config;
  const facts = {
    inputs: config.inputs.map(inputFacts),
    buffer: {
      path: buffer.path,
      memory: sizeText(buffer.memory),
      disk: sizeText(buffer.disk),
      shares: mapValues(buffer.shares, ratioText),
      max_age: durationText(buffer.maxAge),
    },
    policies: mapValues(config.policies, (ladder) => ladder.map(rungFacts)),
    output: outputFacts(config.output),
    admin: { listen: listenText(admin.listen), hosts: admin.hosts },
    shutdown: { grace: durationText(config.shutdown.grace), read_to_end: config.shutdown.readToEnd },
    log: { level: config.log.level },
  };
  return conceal(facts, secrets) as Record<string, unknown>;
}

function inputFacts(input: InputOptions): Record<string, unknown> {
  const { multiline, timestamp } = input;
  return {
    id: input.id,
    type: input.type,
    paths: input.paths,
    exclude: input.exclude,
    start: input.start,
    format: input.format,
    encoding: input.encoding,
    multiline: multiline && {
      start: multiline.start?.source,
      end: multiline.end?.source,
      indent: multiline.indent,
      timeout: durationText(multiline.timeout),
      max_records: multiline.maxRecords,
    },
    partial_timeout: durationText(input.partialTimeout),
    timestamp,
    include_lines: input.includeLines.map((pattern) => pattern.source),
    exclude_lines: input.excludeLines.map((pattern) => pattern.source),
    redact: input.redact.map((pattern) => pattern.source),
    max_record: sizeText(input.maxRecord),
    oversize: input.oversize,
    ignore_older: durationText(input.ignoreOlder),
    held: sizeText(input.held),
    fields: input.fields,
    index: input.index,
    policy: input.policy,
  };
}

function rungFacts(rung: Rung): Record<string, unknown> {
  const { action } = rung;
  const notify = rung.notify && targetFacts(rung.notify);
  const marks = { action, enter: ratioText(rung.enter), leave: ratioText(rung.leave), notify };
  if (rung.action === "sample") {
    return { ...marks, keep: `1/${rung.keep}`, always: rung.always && `level >= ${rung.always}` };
  }
  if (rung.action === "rate-limit") {
    return { ...marks, rate: `${sizeText(rung.rate)}/s`, burst: sizeText(rung.burst), excess: rung.excess };
  }
  if (rung.action !== "block" || rung.until === undefined) return marks;
  const { waited, atRisk } = rung.until;
  const until = {
    waited: waited === undefined ? undefined : durationText(waited),
    at_risk: atRisk === undefined ? undefined : sizeText(atRisk),
  };
  return { ...marks, until };
}

function outputFacts(output: OutputOptions): Record<string, unknown> {
  const { auth, batch, deadLetters, rate, connectTimeout, timeout, requireDataStream, ...same } = output;
  const { passphrase, contents: _, ...tls } = same.tls;
  return {
    ...same,
    auth: auth && authFacts(auth),
    tls: passphrase === undefined ? tls : { ...tls, passphrase: HIDDEN },
    headers: mapValues(output.headers, () => HIDDEN),
    proxy: output.proxy.url?.replace(/^(\w+:\/*).*@/, `$1${HIDDEN}@`),
    require_data_stream: requireDataStream,
    batch: { bytes: sizeText(batch.bytes), records: batch.records, age: durationText(batch.age) },
    rate: rate === 0 ? "0" : `${sizeText(rate)}/s`,
    connect_timeout: durationText(connectTimeout),
    timeout: durationText(timeout),
    dead_letters: sizeText(deadLetters),
  };
}

function authFacts(auth: NonNullable<OutputOptions["auth"]>): Record<string, string> {
  if ("apiKey" in auth) return { api_key: HIDDEN };
  return "bearer" in auth ? { bearer: HIDDEN } : { username: auth.username, password: HIDDEN };
}

export function listenText(listen: Config["admin"]["listen"]): string {
  if (listen === "off") return "off";
  if ("socket" in listen) return `unix:${listen.socket}`;
  return listen.host.includes(":") ? `[${listen.host}]:${listen.port}` : `${listen.host}:${listen.port}`;
}

function mapValues<T, U>(values: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}

/** Removes undefined values and hides secrets in strings. */
function conceal(value: unknown, secrets: ReadonlySet<string>): unknown {
  if (typeof value === "string") return hideSecrets(value, secrets);
  if (Array.isArray(value)) return value.map((item) => conceal(item, secrets));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([name, item]) => [name, conceal(item, secrets)]));
}
