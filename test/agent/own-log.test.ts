import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  closeSync,
  fstatSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, after, test } from "node:test";
import { type Readers, sayOwnLog } from "../../src/agent/own-log.ts";
import { loadText } from "../../src/config/load.ts";
import { silentLog } from "../../src/core/log.ts";
import { Workplace, eventually } from "../helpers/agent-process.ts";
import { ROOT } from "../helpers/tree.ts";

const directory = mkdtempSync(join(tmpdir(), "spillway-own-"));
after(() => rmSync(directory, { recursive: true }));

function warned(inputs: string, fd: number, readers: Readers = () => undefined): unknown[] {
  const said: unknown[] = [];
  const log = {
    ...silentLog,
    warn: (event: string, _: string, fields?: object) => void said.push({ event, ...fields }),
  };
  const { config } = loadText("a.yml", `inputs: ${inputs}\noutput: { hosts: ["http://127.0.0.1:9"] }\n`, { env: {} });
  sayOwnLog(log, config.inputs, readers, fd);
  return said;
}

test("an input whose glob matches the agent's own log is named, one that excludes it is not", () => {
  const path = join(directory, "spillway.log");
  const fd = openSync(path, "w");
  const glob = (id: string, more = ""): string => `{ id: ${id}, paths: ["${directory}/*.log"]${more} }`;
  const inputs = `[${glob("a")}, ${glob("b", ', exclude: ["spillway.log"]')}, { id: c, paths: ["${path}"] }, { id: d, paths: ["/x/*.log"] }]`;
  assert.deepEqual(warned(inputs, fd), [
    { event: "own_log_matched", input: "a", path },
    { event: "own_log_matched", input: "c", path },
  ]);
  closeSync(fd);
});

test("an input that reads it by a link is named with the link", () => {
  const fd = openSync(join(directory, "spillway.log"), "w");
  const { ino } = fstatSync(fd, { bigint: true });
  const readers: Readers = (input, file) => (input === "b" && file.ino === ino ? "/x/link.log" : undefined);
  const inputs = '[{ id: a, paths: ["/x/*.log"] }, { id: b, paths: ["/x/*.log"] }]';
  assert.deepEqual(warned(inputs, fd, readers), [{ event: "own_log_matched", input: "b", path: "/x/link.log" }]);
  closeSync(fd);
});

test("a log that goes to no file matches nothing", () => {
  const fd = openSync("/dev/null", "w");
  assert.deepEqual(warned('[{ id: a, paths: ["/dev/*"] }]', fd), []);
  closeSync(fd);
});

/** Starts an agent that logs to this file. @returns the warnings, as input and path */
async function started(t: TestContext, place: Workplace, path: string): Promise<string[]> {
  const fd = openSync(path, "w");
  const words = [join(ROOT, "bin/spillway.js"), "run", "-c", place.config];
  const agent = spawn(process.execPath, words, { stdio: ["ignore", "ignore", fd] });
  const ended = new Promise((resolve) => agent.once("exit", resolve));
  t.after(async () => {
    agent.kill("SIGKILL");
    await ended;
    closeSync(fd);
    place.remove();
  });
  const text = await eventually("a start", () => {
    const said = readFileSync(path, "utf8");
    return said.includes('"ready"') && said;
  });
  const lines = text.split("\n").filter((line) => line.includes('"own_log_matched"'));
  return lines.map((line) => {
    const { level, input, path: named } = JSON.parse(line) as Record<string, string>;
    return `${level} ${input} ${named}`;
  });
}

test("an agent says so of the log that it is started with", async (t) => {
  const place = new Workplace();
  place.configure("http://127.0.0.1:1", { shutdown: { grace: "10ms" } });
  const path = join(place.logs, "spillway.log");
  assert.deepEqual(await started(t, place, path), [`warn app ${path}`]);
});

test("an agent says so of a symbolic or hard link to its log, and of a link to the directory of its log", async (t) => {
  const place = new Workplace();
  const own = join(place.root, "own");
  for (const path of [own, ...["a", "b", "c"].map((id) => join(place.logs, id))]) mkdirSync(path);
  writeFileSync(join(own, "spillway.log"), "");
  symlinkSync(join(own, "spillway.log"), join(place.logs, "a", "link.log"));
  symlinkSync(own, join(place.logs, "b", "link"));
  linkSync(join(own, "spillway.log"), join(place.logs, "c", "hard.log"));
  const inputs = ["a", "b", "c", "d"].map((id) => ({ id, paths: [join(place.logs, id, "**", "*.log")] }));
  place.configure("http://127.0.0.1:1", { inputs, shutdown: { grace: "10ms" } });
  assert.deepEqual(await started(t, place, join(own, "spillway.log")), [
    `warn a ${join(place.logs, "a", "link.log")}`,
    `warn b ${join(place.logs, "b", "link", "spillway.log")}`,
    `warn c ${join(place.logs, "c", "hard.log")}`,
  ]);
});
