import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { mayLackBytes, nameOfBytes, nameOfText, systemPath } from "../../src/core/file-name.ts";

const bytesOf = (path: string): Buffer => Buffer.from(systemPath(path) as Buffer);

for (const [bytes, name] of [
  [Buffer.from("app.log"), "app.log"],
  [Buffer.from("caf\u00e9 \u65e5\u672c.log"), "caf\u00e9 \u65e5\u672c.log"],
  [Buffer.from("caf\xe9.log", "latin1"), String.raw`caf\xE9.log`],
  [Buffer.from("\x1b[2Jnew\nline"), String.raw`\x1B[2Jnew\x0Aline`],
  [Buffer.from("a\u202etxt.gol"), String.raw`a\xE2\x80\xAEtxt.gol`],
  [Buffer.from("\u009b31m"), String.raw`\xC2\x9B31m`],
  [Buffer.from(String.raw`c:\xampp\x41`), String.raw`c:\xampp\x5Cx41`],
  [Buffer.from([0xe6, 0x97]), String.raw`\xE6\x97`],
  [Buffer.from([0xff, 0xc3, 0xa9, 0xff]), "\\xFF\u00e9\\xFF"],
] as const)
  test(`a file whose name is ${name}`, () => {
    assert.equal(nameOfBytes(bytes), name);
    assert.deepEqual(bytesOf(name), bytes);
  });

test("any bytes become text that nothing has to fear, and the same bytes again", () => {
  const anyBytes = fc
    .array(fc.oneof(fc.constantFrom(92, 120, 52, 65, 0xe9, 0xe2, 0x80, 0xae, 27, 10), fc.integer({ min: 1, max: 255 })))
    .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 47)));
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const name = nameOfBytes(bytes);
      assert.deepEqual(bytesOf(name), bytes);
      assert.doesNotMatch(name, /\p{Cc}|\u202e/u);
      assert.ok(name.isWellFormed());
      if (bytes.equals(Buffer.from(bytes.toString("utf8")))) assert.equal(nameOfText(bytes.toString("utf8")), name);
      else assert.ok(mayLackBytes(bytes.toString("utf8")));
    }),
    { numRuns: 2000 },
  );
});
