// The script that takes the README's pictures: two of the size that the README shows, one light and one dark.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import { noBrowser } from "../../helpers/browser.ts";
import { ROOT } from "../../helpers/tree.ts";

/** Width and height of a PNG, and the brightness of its first pixel, which no filter of PNG changes. */
function look(png: Buffer): { readonly size: readonly [number, number]; readonly brightness: number } {
  assert.equal(png.toString("latin1", 1, 4), "PNG");
  const data: Buffer[] = [];
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") data.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const [, red = 0, green = 0, blue = 0] = inflateSync(Buffer.concat(data));
  return { size: [png.readUInt32BE(16), png.readUInt32BE(20)], brightness: (red + green + blue) / 3 };
}

test("the pictures of the README are taken from the demo, in light and in dark", { skip: noBrowser }, async (t) => {
  const out = mkdtempSync(join(tmpdir(), "spillway-pictures-"));
  t.after(() => rmSync(out, { recursive: true, force: true }));
  const script = join(ROOT, "scripts/pictures.ts");
  const child = spawn(process.execPath, [script, "--seconds", "20", "--out", out], { cwd: out, stdio: "inherit" });
  t.after(() => child.kill("SIGKILL"));
  assert.deepEqual(await once(child, "exit"), [0, null]);
  assert.deepEqual(readdirSync(out).sort(), ["dashboard-dark.png", "dashboard-light.png"], "the demo leaves nothing");
  const [dark, light] = ["dark", "light"].map((name) => look(readFileSync(join(out, `dashboard-${name}.png`))));
  assert.deepEqual(
    [dark?.size, light?.size],
    [
      [1100, 640],
      [1100, 640],
    ],
  );
  assert.ok((dark?.brightness ?? 255) < 80 && (light?.brightness ?? 0) > 180, JSON.stringify([dark, light]));
});
