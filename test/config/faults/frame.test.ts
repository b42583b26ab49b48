import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import { frame } from "../../../src/config/faults/frame.ts";
import { renderFaults } from "../../../src/config/faults/render.ts";
import type { Fault } from "../../../src/config/faults/fault.ts";

function framed(text: string, part: string, hidden: readonly string[] = []): readonly [string, string] {
  const source = { name: "x", text };
  const place = (word: string): { source: typeof source; from: number; to: number } => {
    const from = text.indexOf(word);
    return { source, from, to: from + word.length };
  };
  const { text: line, carets } = frame(place(part), hidden.map(place), "^");
  return [line, carets];
}

test("carets stand below what they mean: after tabs, wide characters, hidden values", () => {
  assert.deepEqual(framed("\ta: b", "b"), [" a: b", "    ^"]);
  assert.deepEqual(framed("日本: x", "x"), ["日本: x", "      ^"]);
  assert.deepEqual(framed("a: verysecret, b: z", "z", ["verysecret"]), ["a: ***, b: z", "           ^"]);
  assert.deepEqual(framed("a: verysecret, b: c", "verysecret", ["verysecret"]), ["a: ***, b: c", "   ^^^"]);
});

test("values of secret keys and users in URLs are hidden wherever they stand", () => {
  for (const line of [
    "password: hunter2",
    "passwort: hunter2",
    "  'api_key' : \"hunter2\"",
    "{ token: hunter2 }",
    "API-KEY=hunter2",
    "- http://u:hunter2@h/",
    "secret: 'hunter2",
    'hosts: ["elastic:hunter2@es1:9200"]',
    "- http:/u:hunter2@h/",
    "- elastic:hunter2@es1",
    "pasphrase: hunter2",
    "bearer: hunter2",
    "{ headers: { X-Own: hunter2 }, timeuot: 3 }",
    "  Authorization: hunter2",
    "  Cookie: hunter2",
    "password: hunter2 # hunter2",
  ]) {
    const [shown] = framed(`x\n${line}`, line.trim().slice(0, 1));
    assert.match(shown, /\*\*\*/, line);
    if (!line.includes("#")) assert.doesNotMatch(shown, /hunter2/, line);
  }
});

test("a name with an @ is no secret", () => {
  for (const line of ['paths: ["/var/log/app@1.log"]', "- unit@host.service"])
    assert.doesNotMatch(framed(`x\n${line}`, line.slice(0, 1))[0], /\*\*\*/, line);
});

test("no control character reaches the terminal", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(50), (text, at) => {
      const from = Math.min(at, text.length);
      const shown = frame({ source: { name: "x", text }, from, to: from + 1 }, [], "^");
      assert.doesNotMatch(shown.text + shown.carets, /[\p{Cc}\u202e]/u);
      assert.ok(shown.text.length <= 121);
    }),
  );
});

test("six equal faults are one frame and a list, five are five; roles are painted", () => {
  const source = { name: "x", text: "a\na\na\na\na\na" };
  const fault = (line: number): Fault => ({
    code: "unknown-key",
    severity: "error",
    at: { source, from: line * 2, to: line * 2 + 1 },
    message: "m",
    help: "h",
  });
  const six = renderFaults([0, 1, 2, 3, 4, 5].map(fault), []);
  assert.match(
    six,
    /^x:1:1: error: m \[unknown-key\]\n 1 \| a\n {3}\| \^ help: h\n {3}= the same at x:2:1, x:3:1, x:4:1, x:5:1, x:6:1$/,
  );
  assert.equal(renderFaults([0, 1, 2, 3, 4].map(fault), []).match(/help/g)?.length, 5);
  assert.match(
    renderFaults([fault(0)], [], (role, text) => `<${role}>${text}</>`),
    /^<strong>x:1:1<\/>: <error>error:<\/> m/,
  );
});

test("the other half in another file is named with it", () => {
  const at = (name: string, text: string): Fault["at"] => ({ source: { name, text }, from: 0, to: 1 });
  const fault: Fault = {
    code: "duplicate-id",
    severity: "error",
    at: at("b.yml", "b"),
    message: "m",
    help: "h",
    related: { at: at("a.yml", "a"), note: "first here" },
  };
  assert.equal(
    renderFaults([fault], []),
    "b.yml:1:1: error: m [duplicate-id]\n 1 | b\n   | ^ help: h\n   : a.yml:1:1\n 1 | a\n   | - first here",
  );
});
