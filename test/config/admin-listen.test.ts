import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { listenOf } from "../../src/config/admin-listen.ts";
import { type Listen, parseListen } from "../../src/config/values/listen.ts";

const directory = mkdtempSync(join(tmpdir(), "spillway-listen-"));
after(() => rmSync(directory, { recursive: true }));

function of(text: string, set: readonly string[] = []): Listen | undefined {
  const file = join(directory, "a.yml");
  writeFileSync(file, text);
  return listenOf({ files: [file], set, env: { PORT: "7" } });
}

test("addresses are read, and nothing else is", () => {
  assert.deepEqual(parseListen("127.0.0.1:9650"), { host: "127.0.0.1", port: 9650 });
  assert.deepEqual(parseListen("[::1]:1"), { host: "::1", port: 1 });
  assert.deepEqual(parseListen("unix:/run/a.sock"), { socket: "/run/a.sock" });
  assert.equal(parseListen("off"), "off");
  for (const text of ["", "9650", "::1:1", "a:65536", "unix:a", "http://a:1", "a b:1"])
    assert.equal(parseListen(text), undefined);
});

test("it is found where the rest of the configuration is wrong or needs secrets", () => {
  const rest = 'output: { auth: { api_key: "${NOT_SET}" }, nonsense: 1 }\n';
  assert.deepEqual(of(`${rest}admin: { listen: "127.0.0.1:\${PORT}" }\n`), { host: "127.0.0.1", port: 7 });
  assert.equal(of(`${rest}admin: { listen: off }\n`), "off");
  assert.deepEqual(of("admin: { listen: off }\n", ["admin.listen=unix:/a"]), { socket: "/a" });
});

test("where no layer says it there is none", () => {
  assert.equal(of("inputs: []\n"), undefined);
  assert.equal(of("admin: { listen: [1] }\n"), undefined);
  assert.equal(of("admin: : :\n"), undefined);
  assert.equal(listenOf({ files: [join(directory, "missing.yml")], env: {} }), undefined);
});
