import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import { parser } from "../../../src/cli/top/watch.ts";

const TEXT =
  'retry: 2000\nid: 1\nevent: snapshot\ndata: {"a":1}\n\nid: 2\nevent: tick\ndata: {"b":"x: y"}\n\nevent: bye\ndata: {}\n\n';

test("events are whole, wherever the stream was cut", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: TEXT.length }), { maxLength: 20 }), (cuts) => {
      const heard: string[] = [];
      const parse = parser((name, data) => heard.push(`${name} ${data}`));
      const at = [0, ...cuts.toSorted((a, b) => a - b), TEXT.length];
      for (let i = 1; i < at.length; i++) assert.ok(parse(TEXT.slice(at[i - 1], at[i])));
      assert.deepEqual(heard, ['snapshot {"a":1}', 'tick {"b":"x: y"}', "bye {}"]);
    }),
  );
});

test("an event without an end is given up", () => {
  const parse = parser(() => assert.fail("there is no whole event"));
  const piece = "x".repeat(1 << 22);
  let held = true;
  for (let i = 0; i < 20 && held; i++) held = parse(piece);
  assert.equal(held, false);
});
