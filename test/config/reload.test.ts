import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { type Reloaded, reloadConfig } from "../../src/config/reload.ts";
import { ROOT } from "../helpers/tree.ts";

/** Loads the first text, then reloads with the second. `set` holds --set options for both. */
function scene(t: TestContext): (before: string, after: string, set?: readonly string[]) => Reloaded {
  const directory = mkdtempSync(join(tmpdir(), "spillway-reload-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "spillway.yml");
  const write = (text: string): void => {
    writeFileSync(file, `inputs: [{ id: a, paths: [/a.log] }]\n${text}\n`);
  };
  return (before, after, set = []) => {
    const options = { files: [file], env: {}, set };
    write(before);
    const { config } = loadConfig(options);
    write(after);
    return reloadConfig(options, config);
  };
}

const OUTPUT = "output: { hosts: ['http://127.0.0.1:9200'] }";
const batch = (bytes: string): string => `output: { hosts: ['http://127.0.0.1:9200'], batch: { bytes: ${bytes} } }`;

test("memory and path stay as they are, the rest is taken over", (t) => {
  const reload = scene(t);
  const before = `${OUTPUT}\nbuffer: { memory: 8MiB, path: "/var/lib/a #1", disk: 1GiB }`;
  const after = `${OUTPUT}\nbuffer: { memory: 16MiB, path: /var/lib/b, disk: 2GiB }`;
  const { config, changed, atRestart } = reload(before, after);
  assert.deepEqual([...atRestart].sort(), ["buffer.memory", "buffer.path"]);
  assert.deepEqual(changed, ["buffer.disk"]);
  const { memory, path, disk } = config.buffer;
  assert.deepEqual({ memory, path, disk }, { memory: 8 << 20, path: "/var/lib/a #1", disk: 2 * 2 ** 30 });
});

test("what follows from the memory is as the memory in force makes it", (t) => {
  const { config, changed } = scene(t)(`${OUTPUT}\nbuffer: { memory: 8MiB }`, `${OUTPUT}\nbuffer: { memory: 32MiB }`);
  assert.equal(config.output.batch.bytes, 1 << 20);
  assert.deepEqual(changed, []);
});

test("what fits to the memory to come, and not to the one in force, is refused with what to do", (t) => {
  const before = `${OUTPUT}\nbuffer: { memory: 8MiB }`;
  const after = `${batch("8MiB")}\nbuffer: { memory: 64MiB }`;
  const message = /^buffer\.memory changes at a restart only, and until then: .*`output\.batch\.bytes` is 8MiB/;
  assert.throws(() => scene(t)(before, after), { code: "needs-restart", exit: 78, message, hint: "restart spillway" });
});

test("a fault of the files is told as it is", (t) => {
  assert.throws(() => scene(t)(OUTPUT, `${OUTPUT}\nbuffer: { memory: 1MiB }`), { code: "config" });
});

test("warnings of the new configuration are handed on, also if a part of it has to wait for a restart", (t) => {
  const unverified = "output: { hosts: ['https://127.0.0.1:9200'], tls: { verify: false } }";
  for (const more of ["", "\nbuffer: { memory: 16MiB }"]) {
    const { warnings } = scene(t)(`${OUTPUT}\nbuffer: { memory: 8MiB }`, unverified + more);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["tls-not-verified"],
    );
  }
});

test("--set goes on to stand above the files", (t) => {
  const { config } = scene(t)(OUTPUT, `${OUTPUT}\nlog: { level: debug }`, ["log.level=error"]);
  assert.equal(config.log.level, "error");
});

test("certificates count as changed when their content has changed, and only then", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-reload-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const ca = join(directory, "ca.pem");
  const tls = `output: { hosts: ['https://127.0.0.1:9200'], tls: { ca: ${ca} } }`;
  const options = { env: {}, files: [join(directory, "spillway.yml")] };
  const [old, renewed] = ["server", "renewed"].map((name) => readFileSync(join(ROOT, `test/fixtures/tls/${name}.pem`)));
  writeFileSync(options.files[0] as string, `inputs: [{ id: a, paths: [/a.log] }]\n${tls}\n`);
  writeFileSync(ca, old as Buffer);
  const { config } = loadConfig(options);
  assert.deepEqual(reloadConfig(options, config).changed, []);
  writeFileSync(ca, renewed as Buffer);
  assert.deepEqual(reloadConfig(options, config).changed, ["output.tls"]);
});
