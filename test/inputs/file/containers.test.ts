// Container logs through a whole file input: joined lines across reads and restarts, times, and metadata from the path.
import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { containerFields } from "../../../src/inputs/file/records/container-path.ts";
import { bench } from "./setup.ts";

const AT = "2026-11-24T06:40:12.123456789Z";
const MS = Date.UTC(2026, 10, 24, 6, 40, 12, 123);

test("a record in parts is not passed before its end, and is whole after a restart", async (t) => {
  const { dir, intake, run } = bench(t);
  const log = join(dir, "0.log");
  const whole = `${AT} stdout F one\n`;
  writeFileSync(log, `${whole}${AT} stdout P two \n${AT} stderr F three\n`);
  const first = await run({ format: "cri" });
  await intake.until(() => [...intake.sources.values()][0]?.end === whole.length, "the first record");
  await first.done();
  await first.stop();
  const [source] = intake.sources.values();
  assert.ok(source);
  assert.equal(source.records, 1);
  intake.restart();

  const second = await run({ format: "cri" });
  appendFileSync(log, `${AT} stdout F and its end\r\nnot of the format\n`);
  await intake.until(() => source.records === 4, "the rest");
  await second.stop();
  const found = source.taken.flatMap(({ entries }) => entries);
  const stderr = `${AT} stdout P two \n`.length + whole.length;
  const last = stderr + `${AT} stderr F three\n${AT} stdout F and its end\r\n`.length;
  assert.deepEqual(found, [
    { offset: 0, text: "one", time: MS },
    { offset: stderr, text: "three", time: MS },
    { offset: whole.length, text: "two and its end", time: MS },
    { offset: last, text: "not of the format", time: NaN },
  ]);
  assert.equal(source.end, last + "not of the format\n".length);
});

const TRACES = { start: /^\S/, end: undefined, indent: false, timeout: 2000, maxRecords: 1000 };
const at = (ms: number): string => new Date(MS + ms).toISOString();

test("stack traces of two streams, one of them in parts, through a restart", async (t) => {
  const { dir, intake, run } = bench(t);
  const log = join(dir, "0.log");
  const lines = [
    `${at(0)} stdout F one\n`,
    `${at(1)} stderr F Exception: x\n`,
    `${at(2)} stdout F two\n`,
    `${at(3)} stderr P \tat a\n`,
    `${at(4)} stdout F three\n`,
    `${at(5)} stderr F .b(C.java:1)\n`,
  ];
  const more = [`${at(6)} stderr F \tat c\n`, `${at(7)} stderr F Exception: y\n`, `${at(8)} stdout F four\n`];
  const offsets = [...lines, ...more].map((_, i, all) => all.slice(0, i).join("").length);
  writeFileSync(log, lines.join(""));
  const first = await run({ format: "cri", multiline: { ...TRACES, timeout: 60_000 } });
  const [source] = intake.sources.values();
  assert.ok(source);
  await first.done();
  await first.stop();
  assert.equal(source.end, offsets[1], "the checkpoint stands where the open record of stderr begins");
  intake.restart();

  const second = await run({ format: "cri", multiline: TRACES });
  appendFileSync(log, more.join(""));
  await intake.until(() => source.records === 6, "all of it, the last ones after their time");
  await second.stop();
  const found = source.taken.flatMap(({ entries }) => entries).sort((a, b) => a.offset - b.offset);
  assert.deepEqual(found, [
    { offset: offsets[0], text: "one", time: MS },
    { offset: offsets[1], text: "Exception: x\n\tat a.b(C.java:1)\n\tat c", time: MS + 1 },
    { offset: offsets[2], text: "two", time: MS + 2 },
    { offset: offsets[4], text: "three", time: MS + 4 },
    { offset: offsets[7], text: "Exception: y", time: MS + 7 },
    { offset: offsets[8], text: "four", time: MS + 8 },
  ]);
});

test("an open record of stderr does not hold a busy stdout: its time is up by the runtime's clock", async (t) => {
  const { dir, intake, run } = bench(t);
  const log = join(dir, "0.log");
  const trace = [`${at(0)} stderr F Exception: x\n`, `${at(1)} stderr F \tat a\n`];
  const early = [`${at(10)} stdout F one\n`, `${at(1999)} stdout F two\n`];
  writeFileSync(log, [...trace, ...early].join(""));
  await run({ format: "cri", multiline: { ...TRACES, timeout: 60_000 } });
  const [source] = intake.sources.values();
  appendFileSync(log, `${at(60_000)} stdout F not yet\n`);
  appendFileSync(log, `${at(60_001)} stdout F late\n`);
  await intake.until(() => source?.records === 4, "the trace and what came before the late line");
  assert.deepEqual(
    source?.taken.flatMap(({ entries }) => entries.map(({ text }) => text)).sort(),
    ["Exception: x\n\tat a", "not yet", "one", "two"].sort(),
  );
  assert.equal(source.end, [...trace, ...early].join("").length + `${at(60_000)} stdout F not yet\n`.length);
});

test("docker's messages in records of several lines", async (t) => {
  const { dir, intake, run } = bench(t);
  const line = (text: string, stream: string): string => `${JSON.stringify({ log: text, stream, time: AT })}\n`;
  const all = [line("E x\r\n", "stdout"), line("\tat", "stdout"), line("W\n", "stderr"), line(' "a"\n', "stdout")];
  writeFileSync(join(dir, "0.log"), all.join(""));
  const input = await run({ format: "docker", multiline: TRACES }, { mode: "once" });
  await input.done();
  const [source] = intake.sources.values();
  assert.deepEqual(
    source?.taken.flatMap(({ entries }) => entries),
    [
      { offset: 0, text: 'E x\n\tat "a"', time: MS },
      { offset: `${all[0]}${all[1]}`.length, text: "W", time: MS },
    ],
  );
});

test("what is unfinished at the end of a last reading is taken as it is", async (t) => {
  const { dir, intake, run } = bench(t);
  writeFileSync(join(dir, "0.log"), `${AT} stdout P the last \n${AT} stdout P words`);
  const input = await run({ format: "cri" }, { mode: "once" });
  await input.done();
  assert.equal(intake.text, "the last words");
});

test("a container's log that is rotated goes on as its source", async (t) => {
  const { dir, intake, run } = bench(t);
  const pod = join(dir, "pods/shop_web-1_7d5c/nginx");
  mkdirSync(pod, { recursive: true });
  const line = (text: string): string => `${JSON.stringify({ log: `${text}\n`, stream: "stderr", time: AT })}\n`;
  writeFileSync(join(pod, "0.log"), line('with "quotes" and \u001b[1m\u00e9'));
  await run({ format: "docker", paths: [join(dir, "pods/*/*/*.log")] });
  await intake.until(() => [...intake.sources.values()][0]?.records === 1, "the first line");
  renameSync(join(pod, "0.log"), join(pod, "0.log.20261124-064012"));
  appendFileSync(join(pod, "0.log.20261124-064012"), line("second"));
  writeFileSync(join(pod, "0.log"), line("third"));
  await intake.until(() => intake.sources.size === 2 && [...intake.sources.values()][1]?.records === 1, "the third");
  const [old] = intake.sources.values();
  await intake.until(() => old?.records === 2, "the second");
  const texts = intake.texts.map((text) => Buffer.from(text, "latin1").toString());
  assert.deepEqual(texts, ['with "quotes" and \u001b[1m\u00e9second', "third"]);
});

test("what paths say", () => {
  const pods = "/var/log/pods/shop_web-6d4cf56db6-x2x9p_1f2e3d4c-aaaa-bbbb-cccc-0123456789ab/nginx/3.log";
  const all = {
    "kubernetes.namespace": "shop",
    "kubernetes.pod.name": "web-6d4cf56db6-x2x9p",
    "kubernetes.pod.uid": "1f2e3d4c-aaaa-bbbb-cccc-0123456789ab",
    "container.name": "nginx",
  };
  assert.deepEqual(containerFields(pods), all);
  assert.deepEqual(containerFields(`${pods}.20261124-064012`), all);
  const { "kubernetes.pod.uid": _uid, ...others } = all;
  const link = `/var/log/containers/web-6d4cf56db6-x2x9p_shop_nginx-${"0a".repeat(32)}.log`;
  assert.deepEqual(containerFields(link), others);
  const side = `/var/log/containers/web_shop_side-car-2-${"0a".repeat(32)}.log`;
  assert.equal(containerFields(side)["container.name"], "side-car-2");
  assert.deepEqual(containerFields("/var/log/nginx/access.log"), {});
  assert.deepEqual(containerFields("/var/log/pods/odd/nginx/0.log"), {});
});
