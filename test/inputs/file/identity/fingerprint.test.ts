import assert from "node:assert/strict";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import fc from "../../../helpers/fc.ts";
import {
  checksumBefore,
  checksumWithin,
  extendFingerprint,
  FINGERPRINT_LENGTH,
  fingerprintOf,
  NO_FINGERPRINT,
} from "../../../../src/inputs/file/identity/fingerprint.ts";
import { MARK_LENGTH } from "../../../../src/core/source.ts";
import { directory } from "../setup.ts";

test("fingerprints and checksums made from reads equal those made from the file, wherever the reads were cut", (t) => {
  const file = join(directory(t), "f");
  const content = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 31 + (i >> 3)) & 0xff));
  writeFileSync(file, content);
  const fd = openSync(file, "r");
  t.after(() => closeSync(fd));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 12 }), (sizes) => {
      let [at, fingerprint] = [0, NO_FINGERPRINT];
      for (const size of sizes) {
        const bytes = content.subarray(at, at + size);
        if (bytes.length === 0) break;
        const before = content.subarray(Math.max(0, at - MARK_LENGTH), at);
        fingerprint = extendFingerprint(fingerprint, bytes, at);
        assert.deepEqual(checksumWithin(before, bytes, bytes.length), checksumBefore(fd, at + bytes.length));
        at += bytes.length;
        assert.deepEqual(fingerprint, fingerprintOf(fd, at));
        assert.ok(fingerprint.length <= FINGERPRINT_LENGTH);
      }
    }),
  );
});
