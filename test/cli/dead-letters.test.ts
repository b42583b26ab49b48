import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { StoredDeadLetter } from "../../src/buffer/inspect/dead-letters.ts";
import { letterDocument, letterLines, wholeLetter } from "../../src/cli/letters/report.ts";
import { makeState, remove } from "../helpers/state-directory.ts";
import type { Made } from "../helpers/state-directory.ts";
import { runBin } from "./run-bin.ts";

let made: Made;
before(async () => void (made = await makeState()));
after(() => remove(made));

test("dead-letters list and show: what a server and a log say moves no cursor", async () => {
  const list = await runBin(["dead-letters", "list", "--path", made.state]);
  assert.equal(list.code, 0);
  assert.ok(!list.out.includes("\x1b"));
  assert.match(
    list.out,
    /^ 1 {2}2\S+Z +app +9 +\S+app\.log:4 +400 document_parsing_exception: failed .* \\x1b\[2J'two'$/m,
  );
  assert.match(list.err, /spillway dead-letters show 1 --path/);
  const show = await runBin(["dead-letters", "show", "1", "--path", made.state]);
  assert.equal(show.code, 0);
  assert.match(show.out, new RegExp(`^offset {2}4 \\(_id ${made.source.id}-4\\)$`, "m"));
  assert.ok(show.out.endsWith("\n\n\\x1b[31mtwo\n"));
});

test("dead-letters --json: the body is exact", async () => {
  const list = JSON.parse((await runBin(["dead-letters", "list", "--path", made.state, "--json"])).out);
  assert.deepEqual([list.total, list.dead_letters.length, list.dead_letters[0].index], [1, 1, "logs-app"]);
  const one = JSON.parse((await runBin(["dead-letters", "show", "1", "--path", made.state, "--json"])).out);
  const { body, body_encoding: encoding, ...facts } = one.dead_letter;
  assert.deepEqual([body, encoding], ["\x1b[31mtwo", "utf-8"]);
  assert.deepEqual(facts, list.dead_letters[0]);
});

const LETTER: StoredDeadLetter = {
  id: 3,
  atMs: 0,
  input: "app",
  source: "s",
  path: "/x",
  offset: 5,
  bytes: 2,
  index: "i",
  status: 400,
  type: "t",
  reason: "r".repeat(300),
  body: null,
  document: null,
};

test("without its body, and with one that is no text", () => {
  assert.match(wholeLetter(LETTER).at(-1) ?? "", /^without its body/);
  assert.match(JSON.stringify(letterDocument("/s", LETTER)), /"body":null,"body_encoding":null/);
  const bytes = { ...LETTER, body: Buffer.from([0xff, 0x00]) };
  assert.equal(wholeLetter(bytes).at(-1), String.raw`\xff\x00`);
  assert.match(JSON.stringify(letterDocument("/s", bytes)), /"body":"\/wA=","body_encoding":"base64"/);
});

test("the list cuts a long reason, the letter itself does not", () => {
  assert.match(letterLines([LETTER])[1] ?? "", /t: r{200}\.\.\.$/);
  assert.ok(wholeLetter(LETTER).some((line) => line.endsWith("r".repeat(300))));
});

test("a letter that is not there", async () => {
  const letter = await runBin(["dead-letters", "show", "7", "--path", made.state]);
  assert.equal(letter.code, 64);
  assert.match(letter.err, /there is no dead letter 7 in .* \[letter-missing\]/);
  const word = await runBin(["dead-letters", "show", "x7", "--path", made.state]);
  assert.equal(word.code, 64);
  assert.match(word.err, /<id> is `x7`, needs a number of the list/);
});
