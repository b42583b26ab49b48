// The shippers of a race: how each is found, configured, checked and started. All read one file from its beginning and send it
// to one index of one server by plain HTTP without compression, keep their state in a directory of their own, and are otherwise
// configured as their documentation suggests for throughput.
import { accessSync, constants, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

export interface Course {
  /** A directory for the configuration and state of this run. */
  readonly directory: string;
  readonly file: string;
  readonly url: URL;
  readonly index: string;
}

export interface Shipper {
  readonly name: string;
  /** Programs to look for on the PATH; the first one found is used. */
  readonly programs: readonly string[];
  /** The file name and content of the configuration. */
  config(course: Course): readonly [name: string, text: string];
  /** Arguments that only check the configuration; the exit code is 0 if the program understands it. */
  check?(config: string, course: Course): readonly string[];
  run(config: string, course: Course): readonly string[];
}

/** The path of the first of these programs on the PATH. */
export function find(programs: readonly string[]): string | undefined {
  const directories = (process.env["PATH"] ?? "").split(delimiter);
  return programs.flatMap((name) => directories.map((directory) => resolve(directory, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Writes the configuration of a run. @returns its path */
export function configure(shipper: Shipper, course: Course): string {
  const [name, text] = shipper.config(course);
  const path = join(course.directory, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

export function rsyslogConfig({ directory, file, url, index }: Course): string {
  return `
global(workDirectory="${directory}" maxMessageSize="64k")
module(load="imfile" mode="inotify")
module(load="omelasticsearch")
template(name="doc" type="list") {
  constant(value="{\\"@timestamp\\":\\"") property(name="timereported" dateFormat="rfc3339")
  constant(value="\\",\\"message\\":\\"") property(name="msg" format="json") constant(value="\\"}")
}
input(type="imfile" File="${file}" Tag="race" addMetadata="off" MaxSubmitAtOnce="4096" ruleset="ship")
ruleset(name="ship" queue.type="FixedArray" queue.size="100000" queue.dequeueBatchSize="5000" queue.workerThreads="2") {
  action(type="omelasticsearch" server="${url.hostname}" serverport="${url.port}" searchIndex="${index}" searchType=""
    bulkmode="on" maxbytes="10m" template="doc" action.resumeRetryCount="-1")
}
`;
}

const spillway: Shipper = {
  name: "spillway",
  programs: [process.execPath],
  config: ({ directory, file, url, index }) => [
    "spillway.yml",
    JSON.stringify({
      inputs: [{ id: "race", paths: [file] }],
      buffer: { path: join(directory, "state") },
      output: { hosts: [url.origin], index, compression: "none" },
      admin: { listen: `unix:${join(directory, "admin.sock")}` },
    }),
  ],
  run: (config) => [join(import.meta.dirname, "../../bin/spillway.js"), "run", "-c", config],
};

const rsyslog: Shipper = {
  name: "rsyslog",
  programs: ["rsyslogd"],
  config: (course) => ["rsyslog.conf", rsyslogConfig(course)],
  check: (config) => ["-N1", "-f", config],
  run: (config, { directory }) => ["-n", "-f", config, "-i", join(directory, "pid")],
};

const fluentBit: Shipper = {
  name: "fluent-bit",
  programs: ["fluent-bit"],
  config: ({ directory, file, url, index }) => [
    "fluent-bit.conf",
    `
[SERVICE]
    flush             1
    log_level         warn
[INPUT]
    name              tail
    path              ${file}
    db                ${join(directory, "tail.db")}
    key               message
    read_from_head    on
    buffer_chunk_size 256k
    buffer_max_size   1m
    mem_buf_limit     64m
[OUTPUT]
    name               es
    match              *
    host               ${url.hostname}
    port               ${url.port}
    index              ${index}
    suppress_type_name on
    buffer_size        false
    retry_limit        no_limits
`,
  ],
  check: (config) => ["--dry-run", "-c", config],
  run: (config) => ["-c", config],
};

const vector: Shipper = {
  name: "vector",
  programs: ["vector"],
  config: ({ directory, file, url, index }) => [
    "vector.json",
    JSON.stringify({
      data_dir: directory,
      sources: { log: { type: "file", include: [file], read_from: "beginning" } },
      sinks: {
        server: {
          ...{ type: "elasticsearch", inputs: ["log"], endpoints: [url.origin] },
          ...{ mode: "bulk", api_version: "v8", bulk: { index, action: "create" }, batch: { timeout_secs: 1 } },
        },
      },
    }),
  ],
  check: (config) => ["validate", "--no-environment", config],
  run: (config) => ["--quiet", "--config", config],
};

const filebeat: Shipper = {
  name: "filebeat",
  programs: ["filebeat"],
  config: ({ directory, file, url, index }) => [
    "filebeat.yml",
    JSON.stringify({
      filebeat: { inputs: [{ type: "filestream", id: "race", paths: [file] }] },
      output: { elasticsearch: { hosts: [url.origin], index, preset: "throughput", compression_level: 0 } },
      setup: { template: { enabled: false, name: index, pattern: index }, ilm: { enabled: false } },
      path: { data: join(directory, "data"), logs: join(directory, "logs") },
      logging: { level: "error" },
    }),
  ],
  check: (config) => ["test", "config", "-c", config],
  run: (config) => ["-e", "-c", config],
};

const otelcol: Shipper = {
  name: "otelcol",
  programs: ["otelcol-contrib", "otelcol"],
  config: ({ file, url, index }) => [
    "otelcol.yml",
    JSON.stringify({
      receivers: { filelog: { include: [file], start_at: "beginning" } },
      exporters: {
        elasticsearch: {
          ...{ endpoints: [url.origin], logs_index: index, mapping: { mode: "none" }, compression: "none" },
        },
      },
      service: {
        telemetry: { logs: { level: "warn" }, metrics: { level: "none" } },
        pipelines: { logs: { receivers: ["filelog"], exporters: ["elasticsearch"] } },
      },
    }),
  ],
  check: (config) => ["validate", `--config=${config}`],
  run: (config) => [`--config=${config}`],
};

export const SHIPPERS: readonly Shipper[] = [spillway, rsyslog, fluentBit, vector, filebeat, otelcol];
