import assert from "node:assert/strict";
import { test } from "node:test";
import { Crc64 } from "../../../src/cli/import/crc64.ts";

test("the check value of CRC-64/ECMA-182, in one piece and in two", () => {
  assert.equal(new Crc64().add(Buffer.from("123456789")).value, 0x6c40df5f0b497347n);
  assert.equal(new Crc64().add(Buffer.from("1234")).add(Buffer.from("56789")).value, 0x6c40df5f0b497347n);
  assert.equal(new Crc64().value, 0n);
});
