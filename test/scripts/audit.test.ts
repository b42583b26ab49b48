import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ROOT } from "../helpers/tree.ts";

const PACKAGE = { name: "whole", version: "1.0.0", dependencies: { part: "1.0.0" } };
const PART = { version: "1.0.0", resolved: "http://127.0.0.1/part-1.0.0.tgz", integrity: "sha512-AAAA" };
const LOCK = { ...PACKAGE, lockfileVersion: 3, packages: { "": PACKAGE, "node_modules/part": PART } };
const HOLE = {
  id: 1,
  url: "https://holes.invalid/1",
  title: "reads too far",
  severity: "high",
  vulnerable_versions: "<2",
};

/** @param holes vulnerabilities known to the registry; undefined: the registry does not support such requests */
async function audit(
  t: TestContext,
  holes: unknown,
  ...args: readonly string[]
): Promise<{ code: number; out: string }> {
  const directory = mkdtempSync(join(tmpdir(), "spillway-audit-"));
  writeFileSync(join(directory, "package.json"), JSON.stringify(PACKAGE));
  writeFileSync(join(directory, "package-lock.json"), JSON.stringify(LOCK));
  const registry = createServer(({ url }, response) => {
    response.setHeader("content-type", "application/json");
    if (url === "/part")
      response.end(JSON.stringify({ name: "part", versions: { "1.0.0": { ...PART, name: "part" } } }));
    else response.writeHead(holes === undefined ? 405 : 200).end(JSON.stringify(holes ?? {}));
  });
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    registry.closeAllConnections();
    registry.close();
    rmSync(directory, { recursive: true });
  });
  const { port } = registry.address() as AddressInfo;
  const env = { ...process.env, npm_config_registry: `http://127.0.0.1:${port}`, npm_config_cache: directory };
  const child = spawn(process.execPath, [join(ROOT, "scripts/audit.ts"), ...args], { cwd: directory, env });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  const [code] = (await once(child, "close")) as [number];
  return { code, out };
}

test("a lock without a known hole passes, one with a hole fails and names it", async (t) => {
  assert.deepEqual(await audit(t, {}), { code: 0, out: "npm audit: no package(s) with a known hole\n" });
  const { code, out } = await audit(t, { part: [HOLE] });
  assert.equal(code, 1);
  assert.match(out, /^high: part \*: reads too far https:\/\/holes\.invalid\/1\nnpm audit: 1 package\(s\)/);
});

test("a registry that does not answer is said, and fails where the answer is a must", async (t) => {
  const asked = await audit(t, undefined);
  assert.equal(asked.code, 0);
  assert.match(asked.out, /^skipped: npm audit, the registry did not answer: 405/);
  assert.equal((await audit(t, undefined, "--must")).code, 1);
});
