// From files to options: layers, substitution and defaults. Loading throws nothing but ConfigError.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { effectiveFacts, effectiveYaml } from "../../src/config/effective-yaml.ts";
import { ConfigError } from "../../src/config/faults/fault.ts";
import { renderFaults } from "../../src/config/faults/render.ts";
import { loadConfig, loadText } from "../../src/config/load.ts";
import type { Loaded } from "../../src/config/load.ts";
import { placeText } from "../../src/config/yaml/place.ts";
import type { OutputOptions } from "../../src/core/options.ts";
import { ROOT } from "../helpers/tree.ts";

const dir = mkdtempSync(join(tmpdir(), "spillway-config-"));
after(() => rmSync(dir, { recursive: true }));

function write(name: string, text: string): string {
  const file = join(dir, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const APP = 'inputs: [{ id: app, paths: ["/var/log/app.log"] }]\n';

function load(text: string, env: Record<string, string> = {}, set: readonly string[] = []): Loaded {
  return loadText("x.yml", text, { env, set, cwd: "/srv/app" });
}

function faultsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String((error as Error).stack));
    return error.faults.map((fault) => `${placeText(fault.at).replace(`${dir}/`, "")} ${fault.code}`);
  }
  return [];
}

test("defaults are those of the interface", () => {
  const { config } = load(APP);
  assert.deepEqual(config.buffer, {
    path: "/var/lib/spillway",
    memory: 64 * 2 ** 20,
    disk: 2 ** 30,
    shares: {},
    maxAge: 0,
  });
  assert.equal(config.inputs[0]?.maxRecord, 2 ** 20);
  assert.equal(config.inputs[0]?.held, 2 ** 30);
  assert.deepEqual(config.policies["default"], [
    { action: "block", enter: 0.7, leave: 0.6, notify: undefined, until: { waited: undefined, atRisk: 256 * 2 ** 20 } },
    { action: "sample", enter: 0.85, leave: 0.7, notify: undefined, keep: 4, always: "warn" },
    { action: "drop-oldest", enter: 0.95, leave: 0.85, notify: undefined },
  ]);
  assert.deepEqual(config.output.batch, { bytes: 5 * 2 ** 20, records: 20_000, age: 1000 });
  assert.deepEqual(config.admin, { listen: { host: "127.0.0.1", port: 9650 }, hosts: [] });
  assert.deepEqual(config.shutdown, { grace: 10_000, readToEnd: false });
});

test("a batch is an eighth of a small memory", () => {
  assert.equal(load(`${APP}buffer: { memory: 16MiB }`).config.output.batch.bytes, 2 * 2 ** 20);
});

test("without buffer.memory a memory limit decides, and what depends on it follows", () => {
  const MIB = 2 ** 20;
  const loaded = (limit: number | undefined, more = ""): Loaded =>
    loadText("x.yml", `${APP}${more}`, { env: {}, memoryLimit: limit });
  for (const [limit, memory] of [
    [undefined, 64],
    [1024, 64],
    [194, 64],
    [193, 63],
    [150, 20],
    [138, 8],
    [100, 8],
  ] as const) {
    const { config } = loaded(limit && limit * MIB);
    assert.equal(config.buffer.memory, memory * MIB);
    assert.equal(config.output.batch.bytes, Math.min(5, memory / 8) * MIB);
  }
  const set = loaded(150 * MIB, "buffer: { memory: 32MiB }\n");
  assert.equal(set.config.buffer.memory, 32 * MIB);
  assert.deepEqual(
    set.warnings.map(({ code }) => code),
    ["memory-over-limit"],
  );
  assert.equal(set.memoryLimit, 150 * MIB);
  assert.deepEqual(loaded(150 * MIB).warnings, []);
  // No memory setting fits this limit.
  assert.deepEqual(
    loaded(137 * MIB).warnings.map(({ code }) => code),
    ["memory-over-limit"],
  );
});

test("the default ladder is there beside others, for inputs that name none", () => {
  const { config } = load(`${APP}policies: { audit: [{ action: block, enter: 80%, leave: 70% }] }`);
  assert.deepEqual(Object.keys(config.policies), ["default", "audit"]);
});

test("several files: maps merge, lists are replaced, inputs merge by id, --set wins", () => {
  const base = write(
    "layers/base.yml",
    "inputs:\n  - { id: a, paths: [/a], fields: { x: 1, y: 1 } }\n  - { id: b, paths: [/b] }\noutput: { hosts: [http://one:9200], timeout: 5s }\n",
  );
  const more = write(
    "more/more.yml",
    "inputs:\n  - { id: c, paths: [/c] }\n  - { id: a, start: end, fields: { y: 2 } }\noutput: { hosts: [http://two:9200], rate: 1MiB/s }\nbuffer:\n",
  );
  const { config, files } = loadConfig({
    files: [base, more],
    set: [
      "output.hosts=http://three:9200",
      "inputs.b.start=end",
      'inputs.d.paths=["/d","/e"]',
      "output.batch.records=7",
    ],
    env: {},
  });
  assert.deepEqual(files, [base, more]);
  assert.deepEqual(
    config.inputs.map(({ id, paths, start, fields }) => ({ id, paths, start, fields })),
    [
      { id: "a", paths: ["/a"], start: "end", fields: { x: 1, y: 2 } },
      { id: "b", paths: ["/b"], start: "end", fields: {} },
      { id: "c", paths: ["/c"], start: "beginning", fields: {} },
      { id: "d", paths: ["/d", "/e"], start: "beginning", fields: {} },
    ],
  );
  assert.deepEqual(config.output.hosts, ["http://three:9200"]);
  assert.equal(config.output.timeout, 5000);
  assert.equal(config.output.rate, 2 ** 20);
  assert.equal(config.output.batch.records, 7);
});

test("a directory is its files by name, then its conf.d; a file brings the conf.d beside it; each is read once", () => {
  const main = write("etc/spillway.yml", "buffer: { memory: 16MiB }\n");
  write("etc/conf.d/20-b.yaml", "buffer: { memory: 32MiB }\n");
  write("etc/conf.d/10-a.yml", `${APP}buffer: { memory: 8MiB }\n`);
  write("etc/conf.d/.hidden.yml", "nonsense: 1\n");
  write("etc/conf.d/notes.txt", "nonsense: 1\n");
  const order = [main, join(dir, "etc/conf.d/10-a.yml"), join(dir, "etc/conf.d/20-b.yaml")];
  for (const files of [[main], [join(dir, "etc")], [main, main, join(dir, "etc/conf.d")]]) {
    const loaded = loadConfig({ files, env: {} });
    assert.deepEqual(loaded.files, order);
    assert.equal(loaded.config.buffer.memory, 32 * 2 ** 20);
  }
});

test("a fault names the file that the value comes from, also --set, and files keep their order", () => {
  const one = write("z.yml", `${APP}buffer: { memory: 64 }\nlogg: 1\n`);
  const two = write("a.yml", "\noutput: { timeout: 9 }\nbuffer: { disk: 1 }\n");
  assert.deepEqual(
    faultsOf(() => loadConfig({ files: [one, two], set: ["log.level=loud", "outpt.x=1"], env: {} })),
    [
      "z.yml:2:19 bad-size",
      "z.yml:3:1 unknown-key",
      "a.yml:2:20 bad-duration",
      "a.yml:3:17 bad-size",
      "--set:1:11 bad-value",
      "--set:2:1 unknown-key",
    ],
  );
});

test("the other half of a conflict may stand in another file", () => {
  const one = write("m1.yml", `${APP}buffer: { memory: 16MiB }\n`);
  const two = write("m2.yml", "output: { batch: { bytes: 5MiB } }\n");
  try {
    loadConfig({ files: [one, two], env: {} });
    assert.fail();
  } catch (error) {
    const [fault] = (error as ConfigError).faults;
    assert.equal(fault && placeText(fault.at), `${two}:1:27`);
    assert.equal(fault?.related && placeText(fault.related.at), `${one}:2:19`);
  }
});

test("a file that is missing or broken is one fault, and what may stand in it is not missed", () => {
  const broken = write("broken.yml", "inputs: [\n");
  const good = write("good.yml", "output: { timeout: 5 }\n");
  assert.deepEqual(
    faultsOf(() => loadConfig({ files: [join(dir, "nope.yml"), broken, good], env: {} })),
    ["nope.yml unreadable-file", "broken.yml:1:9 yaml-syntax", "good.yml:1:20 bad-duration"],
  );
});

test("--set without a value is wrong usage", () => {
  for (const set of ["buffer.memory", "=1", "a..b=1"]) {
    assert.throws(() => load(APP, {}, [set]), { code: "usage", exit: 64 });
  }
  for (const set of [
    "output.auth.api_key:hunter2",
    "output.headers.Authorization: hunter2",
    "output.headers.Authorization: hunter2=1",
  ])
    assert.throws(
      () => load(APP, {}, [set]),
      (error: Error) => !error.message.includes("hunter2"),
    );
});

test("a secret is not shown where a sign is missing or too many", () => {
  for (const [output, set] of [
    ['headers: { "Authorization: hunter2": x }', []],
    ['hosts: ["http:/u:hunter2@h:9200"]', []],
    ["headers: {}", ["output.hosts=http:/u:hunter2@h:1"]],
  ] as const)
    assert.throws(
      () => load(`${APP}output: { ${output} }\n`, {}, set),
      (error: ConfigError) => !`${error.message} ${renderFaults(error.faults, error.secrets)}`.includes("hunter2"),
      `${output} ${set.join()}`,
    );
  const { config } = load(`${APP}output: { proxy: "http:/u:hunter2@h:1" }\n`);
  assert.match(effectiveYaml(config), /proxy: http:\/\*\*\*@h:1/);
});

test("--set takes a text that is not YAML as it stands", () => {
  const { config } = load(APP, {}, ["output.auth.username=#1", "output.auth.password=*x: ["]);
  assert.deepEqual(config.output.auth, { username: "#1", password: "*x: [" });
});

test("variables, files and credentials are substituted in parsed scalars only", () => {
  const secret = write("secrets/es", "hunter2\n");
  const env = {
    NAME: "es1",
    EMPTY: "",
    CREDENTIALS_DIRECTORY: join(dir, "secrets"),
    EVIL: 'x"\nbuffer: { memory: 1 }',
  };
  const { config } = load(
    `${APP}output:
  hosts: ["http://\${NAME}:\${PORT:-9200}"]
  index: "a-\${EMPTY:-b}-\${NAME}"
  auth: { username: "\${file:${secret}}", password: "\${credential:es}" }
  batch: { records: "\${N:-5}" }
shutdown: { read_to_end: "\${YES:-true}" }
`,
    env,
  );
  assert.deepEqual(config.output.hosts, ["http://es1:9200"]);
  assert.equal(config.output.index, "a-b-es1");
  assert.deepEqual(config.output.auth, { username: "hunter2", password: "hunter2" });
  assert.equal(config.output.batch.records, 5);
  assert.equal(config.shutdown.readToEnd, true);
  const fields = (value: string): unknown =>
    load(`inputs: [{ id: a, paths: [/a], fields: { f: ${value} } }]`, env).config.inputs[0]?.fields["f"];
  assert.equal(fields("'$${NAME} ${EVIL}'"), '${NAME} x"\nbuffer: { memory: 1 }');
  assert.equal(fields("'${EMPTY}'"), "");
  assert.equal(fields("'$NAME $ {NAME} $'"), "$NAME $ {NAME} $");
});

test("files whose content is part of the configuration are named, so that a change of one is seen", () => {
  const key = write("secrets/key", "hunter2\n");
  const [pem, pemKey] = ["pem", "key"].map((end) => join(ROOT, `test/fixtures/tls/server.${end}`));
  const env = { CREDENTIALS_DIRECTORY: join(dir, "secrets") };
  const auth = `auth: { username: "\${file:${key}}", password: "\${credential:key}" }`;
  const { secretFiles } = load(`${APP}output: { ${auth}, tls: { ca: ${pem}, cert: ${pem}, key: ${pemKey} } }`, env);
  assert.deepEqual(secretFiles, [key, pem, pem, pemKey]);
});

test("a value that a later layer overrides needs no variable", () => {
  const base = write("o1.yml", `${APP}output: { auth: { api_key: "\${UNSET}" } }\n`);
  const { config } = loadConfig({ files: [base], set: ["output.auth.api_key=k"], env: {} });
  assert.deepEqual(config.output.auth, { apiKey: "k" });
});

test("the effective configuration is one itself, with nothing secret in it", () => {
  const file = write("secrets/token", "s3cr3t-token");
  const text = `inputs:
  - { id: a, paths: [logs/*.log], fields: { note: "token \${file:${file}}" } }
buffer: { path: state, memory: 20000000B, shares: { default: 12.5% } }
output: { auth: { username: u, password: hunter2 }, rate: 1.5MB/s, concurrency: 4 }
admin: { listen: "[::1]:0" }
policies:
  default:
    - { action: block, enter: 50%, leave: 40%, until: { waited: 90s }, notify: "https://hunter2@h/hunter2?hunter2" }
    - { action: rate-limit, enter: 60%, leave: 45%, rate: 1MB/s, burst: 2MB, excess: drop, notify: [sh, "\${file:${file}}"] }
    - { action: sample, enter: 70%, leave: 50%, keep: 1/3 }
    - { action: drop-random, enter: 80%, leave: 70% }
`;
  const { config, secrets } = load(text);
  const yaml = effectiveYaml(config, secrets);
  assert.deepEqual(config.policies["default"]?.[0]?.notify, { url: "https://hunter2@h/hunter2?hunter2" });
  assert.deepEqual(config.policies["default"]?.[1]?.notify, { command: ["sh", "s3cr3t-token"] });
  assert.doesNotMatch(yaml, /hunter2|s3cr3t/);
  assert.match(yaml, /password: "?\*\*\*/);
  assert.deepEqual(config.inputs[0]?.paths, ["/srv/app/logs/*.log"]);
  assert.equal(config.buffer.path, "/srv/app/state");
  const again = load(yaml).config;
  assert.deepEqual(effectiveFacts(again), effectiveFacts(config, secrets));
});

test("the operator's starting point has neither faults nor warnings, and shows the defaults", () => {
  const { config, warnings } = loadConfig({
    files: [new URL("../../config/spillway.yml", import.meta.url).pathname],
    env: {},
  });
  assert.deepEqual(warnings, []);
  const plain = load(APP).config;
  assert.deepEqual(config.policies, plain.policies);
  assert.deepEqual(config.buffer, plain.buffer);
  assert.deepEqual(config.output, plain.output);
  assert.deepEqual(config.admin, plain.admin);
});

test("a secret that was substituted into the wrong place is not said either", () => {
  const text = `${APP}output: { index: "\${ES_API_KEY}", tls: { ca: "/\${TOKEN:-x}" } }\n`;
  try {
    load(text, { ES_API_KEY: "Hunter2", TOKEN: "s3cret" });
    assert.fail();
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    const said = error.message + error.faults.map(({ message, help }) => message + help).join();
    assert.match(said, /index `\*\*\*` has upper-case letters/);
    assert.doesNotMatch(said, /hunter2|s3cret/i);
  }
});

test("tags of the output come before those of an input, each once, and stand in its fields", () => {
  const { inputs } = load(`
inputs:
  - { id: a, paths: [/a.log] }
  - { id: b, paths: [/b.log], fields: { tags: [own, prod], team: x } }
  - { id: c, paths: [/c.log], fields: { tags: single } }
output: { tags: [prod, eu] }
`).config;
  assert.deepEqual(
    inputs.map(({ fields }) => fields),
    [{ tags: ["prod", "eu"] }, { tags: ["prod", "eu", "own"], team: "x" }, { tags: ["prod", "eu", "single"] }],
  );
});

test("a key as `id:key` is sent in the form that the server knows; a token, headers and the like reach the output", () => {
  const output = (text: string): OutputOptions =>
    loadText("x.yml", `${APP}output: ${text}\n`, { env: {}, cwd: "/" }).config.output;
  assert.deepEqual(output('{ auth: { api_key: "VuaCfGcB:ui2lp2axTNmsyakw9tvNnw" } }').auth, {
    apiKey: "VnVhQ2ZHY0I6dWkybHAyYXhUTm1zeWFrdzl0dk5udw==",
  });
  assert.deepEqual(output("{ auth: { api_key: VnVhQ2ZHY0I= } }").auth, { apiKey: "VnVhQ2ZHY0I=" });
  assert.deepEqual(output("{ auth: { bearer: t0k3n } }").auth, { bearer: "t0k3n" });
  const { headers, pipeline, requireDataStream } = output(
    "{ headers: { x-tenant: a }, pipeline: p, require_data_stream: true }",
  );
  assert.deepEqual([headers, pipeline, requireDataStream], [{ "x-tenant": "a" }, "p", true]);
});
