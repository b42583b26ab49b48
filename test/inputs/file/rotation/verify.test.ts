// Held compressed files are unpacked in the background to verify whether they are copies.
import { failing } from "../../../helpers/failing-fs.ts";
import assert from "node:assert/strict";
import { closeSync, openSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { checksumBefore, fileKey, fingerprintOf } from "../../../../src/inputs/file/identity/fingerprint.ts";
import { HeldCandidates } from "../../../../src/inputs/file/rotation/held.ts";
import { verifyHeld } from "../../../../src/inputs/file/rotation/verify.ts";
import type { Shared } from "../../../../src/inputs/file/shared.ts";
import { Tail } from "../../../../src/inputs/file/tail/tail.ts";
import { ManualClock } from "../../../helpers/manual-clock.ts";
import { directory } from "../setup.ts";

const TEXT = Array.from({ length: 500 }, (_, i) => `line ${i}\n`).join("");

/** A log that was read up to `position`, and a compressed file that is held because it may be its copy. */
function scene(t: TestContext, packed: string, position = TEXT.length) {
  const dir = directory(t);
  const [log, copy] = [join(dir, "a.log"), join(dir, "a.log.1.gz")];
  writeFileSync(log, TEXT);
  writeFileSync(copy, gzipSync(packed));
  const source = new Tail(log, 0);
  source.attach(log, log, statSync(log, { bigint: true }));
  const fd = openSync(log, "r");
  source.fingerprint = fingerprintOf(fd, position);
  source.seek(position, checksumBefore(fd, position));
  closeSync(fd);
  const clock = new ManualClock();
  const held = new HeldCandidates({ clock } as unknown as Shared);
  const stats = statSync(copy, { bigint: true });
  held.hold(copy, fileKey(stats), Number(stats.size), [{ source, why: "unverified" }], "any");
  const verify = async (signal = new AbortController().signal, holding: "allowed" | "over" = "over") => {
    await verifyHeld(held, holding, { signal });
    return held.at(copy)?.verdicts.get(source);
  };
  const lose = (): void => {
    rmSync(log);
    source.mode = "detached";
  };
  return { clock, copy, held, verify, lose };
}

test("beside the file of its source: all that it has in common with that, which is all of it", async (t) => {
  const { held, copy, verify } = scene(t, TEXT);
  assert.deepEqual(await verify(), { common: TEXT.length, reach: "all" });
  assert.equal(held.at(copy)?.dueAt, 0, "it is to be judged again at once");
});

test("with another line at its end, or with more than its source: different", async (t) => {
  for (const packed of [TEXT.replace("line 499", "line 999"), `${TEXT}more\n`]) {
    const { verify } = scene(t, packed);
    assert.deepEqual(await verify(), { common: "different", reach: "all" });
  }
});

test("its source has lost its file: as far as that was read, and there may be more", async (t) => {
  const position = TEXT.indexOf("line 400");
  const { verify, lose } = scene(t, TEXT, position);
  lose();
  assert.deepEqual(await verify(), { common: position, reach: "position" });
});

test("its source has lost its file, and the bytes before the position are others", async (t) => {
  const position = TEXT.indexOf("line 400");
  const { verify, lose } = scene(t, TEXT.replace("line 399", "line 999"), position);
  lose();
  assert.deepEqual(await verify(), { common: "different", reach: "all" });
});

test("a file that was changed meanwhile, or is judged no more: its verdict is thrown away", async (t) => {
  const { copy, held, verify } = scene(t, TEXT);
  const verdict = verify();
  held.drop(copy);
  assert.equal(await verdict, undefined);
});

test("a stop: no verdict", async (t) => {
  const { verify } = scene(t, TEXT);
  assert.equal(await verify(AbortSignal.abort()), undefined);
});

test("a disk that fails: it is compared later; after a minute it counts as different, and is read", async (t) => {
  for (const healsMs of [10_000, Infinity]) {
    const { clock, copy, verify } = scene(t, TEXT);
    failing.matches = (call, path) => call === "openSync" && path === copy;
    t.after(() => (failing.rate = 0));
    failing.rate = 1;
    const before = failing.count;
    let verdict: Awaited<ReturnType<typeof verify>>;
    let seconds = 0;
    for (; verdict === undefined && seconds < 100; seconds++) {
      if (seconds * 1000 >= healsMs) failing.rate = 0;
      clock.advance(1000);
      verdict = await verify(undefined, "allowed");
    }
    failing.rate = 0;
    assert.deepEqual(verdict, { common: healsMs === Infinity ? "different" : TEXT.length, reach: "all" });
    assert.ok(seconds > 10 && seconds <= 60, `${seconds} s`);
    assert.ok(failing.count - before > 2 && failing.count - before < 12, `${failing.count - before} attempts`);
  }
});

test("a disk that fails, in a run that ends with the files: different at once", async (t) => {
  const { copy, verify } = scene(t, TEXT);
  failing.matches = (call, path) => call === "openSync" && path === copy;
  t.after(() => (failing.rate = 0));
  failing.rate = 1;
  assert.deepEqual(await verify(), { common: "different", reach: "all" });
});
