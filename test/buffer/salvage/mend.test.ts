import assert from "node:assert/strict";
import { test } from "node:test";
import { mended } from "../../../src/buffer/salvage/mend.ts";
import { HEAD, HEAD_WIDTH, type Head } from "../../../src/buffer/spool/rows/heads.ts";
import { TABLE_ENTRY } from "../../../src/core/chunk.ts";

type Changes = Partial<Record<keyof typeof HEAD, number>>;

function row(changes: Changes): Head {
  const head = new Float64Array(HEAD_WIDTH);
  for (const [column, value] of Object.entries(changes)) head[HEAD[column as keyof typeof HEAD]] = value;
  return head;
}

const LINES = Buffer.from("the row before\none\ntwo\r\n\nthree\nthe row behind\n");
const SOUND = { seq: 3, start: 100, end: 116, records: 3, bytes: 16, length: 16, at: 15 };

const TABLE = Buffer.alloc(2 * TABLE_ENTRY);
TABLE.writeUInt32LE(4, 0);
TABLE.writeUInt32LE(9, TABLE_ENTRY);
const TABLED = Buffer.concat([Buffer.from("the row before\none\ntwo.."), TABLE, Buffer.from("the row behind\n")]);
const SOUND_TABLE = { ...SOUND, records: 2, length: 9, tableLength: 2 * TABLE_ENTRY };

const is = (sound: Changes) => (other: Head) => other.join() === row(sound).join();

test("a row whose numbers fit each other and its bytes stays as it is", () => {
  for (const [sound, plain] of [
    [SOUND, LINES],
    [SOUND_TABLE, TABLED],
  ] as const) {
    const head = row(sound);
    assert.equal(
      mended(head, plain, () => false),
      head,
    );
  }
});

for (const change of [
  ...[{ records: 4 }, { records: -3 }, { records: 3 + 2 ** 40 }, { length: 17 }, { length: 15 }, { length: -16 }],
  ...[{ bytes: 17 }, { start: 101 }, { end: 117 }, { end: 20 }, { tableLength: 4 }, { tableLength: 24 }],
  ...[{ actionsLength: 9 }, { actionsLength: 2 ** 30 }],
] satisfies Changes[])
  test(`lines with a wrong number, ${JSON.stringify(change)}: it is corrected`, () => {
    assert.ok(mended(row({ ...SOUND, ...change }), LINES, is(SOUND)));
  });

for (const change of [{ records: 3 }, { records: 1 }, { tableLength: 24 }, { tableLength: 49 }] satisfies Changes[])
  test(`a record table with a wrong number, ${JSON.stringify(change)}: it is corrected`, () => {
    assert.ok(mended(row({ ...SOUND_TABLE, ...change }), TABLED, is(SOUND_TABLE)));
  });

test("a row that no single number explains is not kept", () => {
  for (const change of [{ at: 2 ** 20 }, { records: 9, length: 11 }, { start: 5, end: 6, records: 7 }])
    assert.equal(
      mended(row({ ...SOUND, ...change }), LINES, () => true),
      undefined,
      JSON.stringify(change),
    );
});
