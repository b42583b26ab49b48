// Scenarios about encodings, containers and multiline records from the tests of other agents, with their numbers in our notes on
// Filebeat (FB), Fluent Bit and similar agents (FLB), and Vector (V).
import assert from "node:assert/strict";
import { DROPPED_OVERSIZE } from "../../../../src/core/fate.ts";
import { play, type Scene } from "./scene.ts";

const TIME = "2026-11-24T06:40:12.5Z";
const MULTILINE = { start: undefined, end: undefined, indent: false, timeout: 2000, maxRecords: 1000 };

const utf16 = (text: string, order: "le" | "be"): Buffer => {
  const bytes = Buffer.from(text, "utf16le");
  return order === "le" ? bytes : bytes.swap16();
};
const cri = (stream: string, tag: string, text: string): string => `${TIME} ${stream} ${tag} ${text}\n`;
const docker = (stream: string, text: string): string => `${JSON.stringify({ log: text, stream, time: TIME })}\n`;

/** Waits until one file has exactly these records, in the order of their offsets. */
async function records(scene: Scene, ...wanted: readonly (readonly [number, string])[]): Promise<void> {
  const found = (): unknown[] => {
    const taken = [...scene.intake.sources.values()].flatMap((source) => source.taken);
    const entries = taken.flatMap((chunk) => chunk.entries);
    const utf8 = entries.map(({ offset, text }) => [offset, Buffer.from(text, "latin1").toString()] as const);
    return utf8.sort(([a], [b]) => a - b);
  };
  const whole = JSON.stringify(wanted);
  await scene.intake
    .until(() => JSON.stringify(found()) === whole, `exactly ${whole.slice(0, 500)}`)
    .catch((error) => {
      assert.deepEqual(found(), wanted);
      throw error;
    });
}

const JAVA = [
  "2026-11-24 06:40:12 ERROR failed",
  "java.lang.IllegalStateException: no",
  "\tat a.B.c(B.java:1)",
  "Caused by: java.io.IOException: x",
  "\t... 3 more",
];
const PYTHON = [
  "2026-11-24 06:40:13 ERROR failed",
  "Traceback (most recent call last):",
  '  File "a.py", line 1',
  "KeyError: 1",
];
const GO = ["2026-11-24 06:40:14 panic: x", "", "goroutine 1 [running]:", "main.main()", "\t/a.go:3 +0x1d"];
const RUBY = ["2026-11-24 06:40:15 a.rb:1:in `b': x (RuntimeError)", "\tfrom a.rb:4:in `<main>'"];
const NEXT = "2026-11-24 06:40:16 INFO next";

play({
  "FB 7 a byte order mark is no part of the first event": async (scene) => {
    scene.write("a.log", "\ufeffone\ntwo\n");
    await scene.start();
    await records(scene, [0, "one"]);
    await scene.intake.until(() => scene.intake.text === "onetwo\n", "both");
  },
  "FB 8, FLB D47, V S9 UTF-16 of either order, told by its mark, with surrogates": async (scene) => {
    const text = "\ufeff\u{1f642} one\r\n\u65e5\u672c two\n";
    scene.write("le.log", utf16(text, "le"));
    await scene.once("*.log", { encoding: "utf-16" });
    scene.remove("le.log");
    scene.write("be.log", utf16(text, "be"));
    await scene.once("*.log", { encoding: "utf-16" });
    await records(
      scene,
      [0, "\u{1f642} one"],
      [0, "\u{1f642} one"],
      [18, "\u65e5\u672c two"],
      [18, "\u65e5\u672c two"],
    );
  },
  "FLB D47 Shift_JIS": async (scene) => {
    scene.write("a.log", Buffer.from("93fa967b0a835c0a", "hex"));
    await scene.start("*.log", { encoding: "shift_jis" });
    await records(scene, [0, "\u65e5\u672c"], [5, "\u30bd"]);
  },
  "FLB D47 GBK and Windows-1252": async (scene) => {
    scene.write("a.log", Buffer.from("c8d5b1be0a", "hex"));
    await scene.once("*.log", { encoding: "gbk" });
    scene.remove("a.log");
    scene.write("b.log", Buffer.from("80939e0a", "hex"));
    await scene.once("*.log", { encoding: "windows-1252" });
    await records(scene, [0, "\u65e5\u672c"], [0, "\u20ac\u201c\u017e"]);
  },
  "FLB D50 offset of a record of several lines": async (scene) => {
    scene.write("a.log", `${[...JAVA, NEXT, "\tmore"].join("\n")}\n`);
    await scene.start("*.log", { multiline: { ...MULTILINE, start: /^\d{4}-/ } });
    await records(scene, [0, JAVA.join("\n")], [JAVA.join("\n").length + 1, `${NEXT}\n\tmore`]);
  },
  "FLB D51 a last line without line end is taken when nothing comes": async (scene) => {
    scene.write("a.log", "one\ntwo");
    await scene.start("*.log", { partialTimeout: 5000 });
    await scene.has("one\n");
    await scene.quiet(3);
    await scene.has("one\ntwo");
    scene.append("a.log", "\nthree\n");
    await scene.has("one\ntwo\nthree\n");
  },
  "FLB E52 messages that Docker cut at 16 KiB, of two streams": async (scene) => {
    const [long, other] = ["x".repeat(16_384), "y".repeat(16_384)];
    const lines = [
      docker("stdout", long),
      docker("stderr", other),
      docker("stdout", "end\n"),
      docker("stderr", "END\n"),
    ];
    scene.write("a.log", lines.join(""));
    await scene.start("*.log", { format: "docker" });
    await records(scene, [0, `${long}end`], [lines[0]?.length ?? 0, `${other}END`]);
  },
  "FLB E53 parts of CRI, of two streams": async (scene) => {
    const lines = [cri("stdout", "P", "a"), cri("stderr", "P", "1"), cri("stdout", "F", "b"), cri("stderr", "F", "2")];
    scene.write("a.log", lines.join(""));
    await scene.start("*.log", { format: "cri" });
    await records(scene, [0, "ab"], [lines[0]?.length ?? 0, "12"]);
  },
  "FLB E54 traces of Java, Python, Go and Ruby, of a container too": async (scene) => {
    const all = [JAVA, PYTHON, GO, RUBY, [NEXT]];
    scene.write("a.log", `${all.flat().join("\n")}\n`);
    await scene.once("*.log", { multiline: { ...MULTILINE, start: /^\d{4}-/ } });
    let at = 0;
    const wanted = all.map((lines) => {
      const record = [at, lines.join("\n")] as const;
      at += record[1].length + 1;
      return record;
    });
    await records(scene, ...wanted);
  },
  "FLB E54, E57 the same of a container, stopped in the middle of each": async (scene) => {
    const all = [JAVA, PYTHON, GO, RUBY, [NEXT]];
    const options = { format: "cri", multiline: { ...MULTILINE, start: /^\d{4}-/, timeout: 60_000 } } as const;
    scene.write("a.log", "");
    let at = 0;
    const wanted: [number, string][] = [];
    for (const lines of all) {
      const written = lines.map((line) => cri("stdout", "F", line));
      scene.append("a.log", written.slice(0, 2).join(""));
      const input = await scene.start("*.log", options);
      await input.done();
      await scene.stop();
      scene.append("a.log", written.slice(2).join(""));
      wanted.push([at, lines.join("\n")]);
      at += written.join("").length;
    }
    await scene.once("*.log", options);
    await records(scene, ...wanted);
  },
  "FLB E55 a record is taken after its timeout, and at once by a last reading": async (scene) => {
    const by = { ...MULTILINE, start: /^\w/, timeout: 5000 };
    scene.write("a.log", "one\n more\n");
    await scene.start("*.log", { multiline: by });
    await scene.quiet(3);
    await records(scene, [0, "one\n more"]);
    scene.append("a.log", "two\n more\n");
    await scene.stop();
    await scene.once("*.log", { multiline: by });
    await records(scene, [0, "one\n more"], [10, "two\n more"]);
  },
  "FLB E56 what is beyond the bounds is a record of its own, or cut and counted": async (scene) => {
    scene.write("a.log", "one\n b\n c\n d\ntwo\n");
    const by = { ...MULTILINE, start: /^\w/, maxRecords: 2 };
    await scene.once("*.log", { multiline: by, maxRecord: 5 });
    await records(scene, [0, "one\n "], [7, " c\n d"], [13, "two"]);
    assert.equal([...scene.intake.sources.values()][0]?.bytesOf(DROPPED_OVERSIZE), 1);
  },
  "V S9 a line end of two bytes across the edge of a read": async (scene) => {
    const line = "x".repeat(256 * 1024 - 1);
    scene.write("a.log", `${line}\r\ntwo\r\n`);
    await scene.start();
    await scene.has(`${line}\r\ntwo\r\n`);
    assert.equal([...scene.intake.sources.values()][0]?.records, 2);
  },
});
