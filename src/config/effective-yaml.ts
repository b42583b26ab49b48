// The effective configuration as YAML that could be used as one: every key with the value that counts, exact. What must
// hold: no secret in it.
import type { Config, InputOptions, OutputOptions, Rung } from "../core/options.ts";
import { durationText, ratioText, sizeText } from "../core/units.ts";
import { writeYaml } from "./yaml.ts";

const HIDDEN = "***";

/** @param secrets values that came from files and credentials: hidden wherever they ended up */
export function effectiveYaml(config: Config, secrets: ReadonlySet<string> = new Set()): string {
  return writeYaml(effectiveFacts(config, secrets));
}

/** The same as data, with the keys of the file. */
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
  const { action, notify } = rung;
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
  const { auth, batch, deadLetters, rate, timeout, ...same } = output;
  return {
    ...same,
    auth: auth && ("apiKey" in auth ? { api_key: HIDDEN } : { username: auth.username, password: HIDDEN }),
    batch: { bytes: sizeText(batch.bytes), records: batch.records, age: durationText(batch.age) },
    rate: rate === 0 ? "0" : `${sizeText(rate)}/s`,
    timeout: durationText(timeout),
    dead_letters: sizeText(deadLetters),
  };
}

export function listenText(listen: Config["admin"]["listen"]): string {
  if (listen === "off") return "off";
  if ("socket" in listen) return `unix:${listen.socket}`;
  return listen.host.includes(":") ? `[${listen.host}]:${listen.port}` : `${listen.host}:${listen.port}`;
}

function mapValues<T, U>(values: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}

/** Leaves out what is undefined and hides secrets in texts. */
function conceal(value: unknown, secrets: ReadonlySet<string>): unknown {
  if (typeof value === "string") return [...secrets].reduce((text, secret) => text.replaceAll(secret, HIDDEN), value);
  if (Array.isArray(value)) return value.map((item) => conceal(item, secrets));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([name, item]) => [name, conceal(item, secrets)]));
}
