// Files of random members that grow in random steps, and damaged files, compared with what zlib unpacks at once.
import assert from "node:assert/strict";
import { appendFileSync, closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { constants, gunzipSync, gzipSync } from "node:zlib";
import fc from "../../../helpers/fc.ts";
import { type Fault, Gunzip } from "../../../../src/inputs/file/gzip/gunzip.ts";
import { directory } from "../setup.ts";

class Probe {
  readonly gunzip = new Gunzip();
  text: Buffer = Buffer.alloc(0);
  largest = 0;
  private readonly path: string;
  private readonly fd: number;

  constructor(t: TestContext, bytes: Uint8Array = Buffer.alloc(0)) {
    this.path = join(directory(t), "a.gz");
    writeFileSync(this.path, bytes);
    this.fd = openSync(this.path, "r");
  }

  /** Appends to the file, and takes everything that can be unpacked so far. */
  async grow(bytes: Uint8Array = Buffer.alloc(0)): Promise<void> {
    appendFileSync(this.path, bytes);
    const pieces = [this.text];
    for (;;) {
      const piece = await this.gunzip.next(this.fd);
      if (piece === undefined) break;
      this.largest = Math.max(this.largest, piece.length);
      pieces.push(piece);
    }
    this.text = Buffer.concat(pieces);
  }

  close(): void {
    this.gunzip.close();
    closeSync(this.fd);
  }
}

async function unpack(t: TestContext, bytes: Uint8Array): Promise<{ text: string; state: string; faults: Fault[] }> {
  const probe = new Probe(t, bytes);
  await probe.grow();
  probe.close();
  const { state, faults } = probe.gunzip;
  return { text: probe.text.toString("latin1"), state, faults };
}

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 50 }),
  fc.uint8Array({ minLength: 30_000, maxLength: 200_000, size: "max" }),
  fc.nat(300_000).map((length) => Buffer.alloc(length, "one and the same line\n")),
);
const member = fc.record({ content: bytes, level: fc.nat(9), name: fc.constantFrom("", "a.log") });

/** Like gzipSync, but with a file name in the header, as gzip writes it. */
function pack({ content, level, name }: { content: Uint8Array; level: number; name: string }): Buffer {
  const packed = gzipSync(content, { level });
  if (name === "") return packed;
  packed[3] = 8;
  return Buffer.concat([packed.subarray(0, 10), Buffer.from(`${name}\0`), packed.subarray(10)]);
}

test("members of any content in a file that grows by any steps", async (t) => {
  const cuts = fc.array(fc.nat(1_000_000), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.array(member, { minLength: 1, maxLength: 5 }), cuts, async (members, at) => {
      const file = Buffer.concat(members.map(pack));
      const content = Buffer.concat(members.map((one) => one.content));
      const probe = new Probe(t);
      let done = 0;
      for (const cut of [...at.map((n) => n % file.length).sort((a, b) => a - b), file.length]) {
        await probe.grow(file.subarray(done, cut));
        done = cut;
        assert.ok(content.subarray(0, probe.text.length).equals(probe.text), "something else came out");
        assert.equal(probe.gunzip.fed, cut);
      }
      probe.close();
      assert.ok(probe.text.equals(content));
      assert.deepEqual([probe.gunzip.state, probe.gunzip.faults], ["whole", []]);
      assert.ok(probe.largest <= 65536);
    }),
    { numRuns: 60 },
  );
});

test("a byte that is damaged: what lies before it comes out", async (t) => {
  const places = fc.tuple(member, fc.nat(1_000_000), fc.integer({ min: 1, max: 255 }));
  await fc.assert(
    fc.asyncProperty(places, async ([one, place, change]) => {
      const file = pack(one);
      const at = 10 + (place % (file.length - 10));
      const whole = file.subarray(0, Math.max(0, at - 16));
      const before = whole.length < 18 ? "" : gunzipSync(whole, { finishFlush: constants.Z_SYNC_FLUSH });
      file[at] = (file[at] as number) ^ change;
      const probe = new Probe(t, file);
      await probe.grow();
      probe.close();
      assert.ok(probe.text.subarray(0, before.length).equals(Buffer.from(before)), `damaged at ${at}`);
    }),
    { numRuns: 60 },
  );
});

test("what follows the last member", async (t) => {
  const file = gzipSync("one\n");
  const garbage = { text: "one\n", state: "damaged", faults: [{ kind: "garbage" as const, offset: file.length }] };
  assert.deepEqual(await unpack(t, Buffer.concat([file, Buffer.alloc(512)])), garbage);
  assert.deepEqual(await unpack(t, Buffer.concat([file, Buffer.from("text\n")])), garbage);
  // The first byte of a possible further member: the bytes to come decide.
  assert.deepEqual(await unpack(t, Buffer.concat([file, Buffer.from([0x1f])])), {
    text: "one\n",
    state: "cut",
    faults: [],
  });
});

test("a wrong checksum is said, and the next member read", async (t) => {
  const first = gzipSync("one\n");
  const at = first.length - 8;
  first[at] = (first[at] as number) ^ 1;
  const found = await unpack(t, Buffer.concat([first, gzipSync("two\n")]));
  assert.deepEqual(found, { text: "one\ntwo\n", state: "whole", faults: [{ kind: "checksum", offset: at }] });
});

test("a header without an end, an unknown method, and reserved flags", async (t) => {
  const endless = Buffer.alloc(200_000, "n");
  Buffer.from([0x1f, 0x8b, 8, 8]).copy(endless);
  const { faults, state } = await unpack(t, endless);
  assert.deepEqual([faults.length, state], [1, "damaged"]);
  for (const head of [
    [0x1f, 0x8b, 7],
    [0x1f, 0x8b, 8, 0x20, 0, 0, 0, 0, 0, 0],
  ])
    assert.deepEqual((await unpack(t, Buffer.from(head))).faults, [{ kind: "corrupt", offset: 0 }]);
});
