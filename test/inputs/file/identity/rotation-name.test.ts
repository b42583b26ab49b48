import assert from "node:assert/strict";
import { test } from "node:test";
import {
  earlierPaths,
  isNamedAfter,
  isRotatedName,
  unpackedPath,
} from "../../../../src/inputs/file/identity/rotation-name.ts";

for (const [path, original] of [
  ["app.log.1", "app.log"],
  ["app.1.log", "app.log"],
  ["app-20261124.log", "app.log"],
  ["app.log-20261124", "app.log"],
  ["app.log-20261124.gz", "app.log"],
  ["app.log-20261124.gz", "app.log-20261124"],
  ["app-2026-11-24.log.gz", "app-2026-11-24.log"],
  ["app-2026-11-24.log", "app.log"],
  ["app-2026-11-24-1.log", "app.log"],
  ["app-20261124.log.1", "app-20261124.log"],
  ["app.log.3", "app.log.1"],
  ["app.log.3.gz", "app.log.1"],
  ["app.log.3.gz", "app.log.2.gz"],
  ["app.10.log", "app.9.log"],
  ["app.log.010", "app.log.009"],
  ["app.log.1.gz", "app.log.1"],
  ["app.log.bak", "app.log"],
  ["app.log_old", "app.log"],
  ["app.log.save.1", "app.log"],
] as const)
  test(`${path} may be made of ${original} by a rotation`, () => {
    assert.ok(isRotatedName(`/logs/${path}`, `/logs/${original}`));
    assert.ok(earlierPaths(`/logs/${path}`).includes(`/logs/${original}`));
    assert.equal(isRotatedName(`/logs/${original}`, `/logs/${path}`), false, "and not the other way round");
  });

for (const [path, original] of [
  ["job-2026-11-25.log", "job-2026-11-24.log"],
  ["app.log-20261125", "app.log-20261124"],
  ["app.log-20261125.gz", "app.log-20261124"],
  ["report-2026-11-25", "report-2026-11-24"],
  ["report.2026.11.25", "report.2026.11.24"],
  ["web-2.log", "web-1.log"],
  ["1.log", "0.log"],
  ["app.log", "app.log"],
  ["app.log", "app.log.1"],
  ["app.log.1", "app.log.2"],
  ["application.log", "app.log"],
  ["b.log.1", "a.log"],
  ["1.log", ".log"],
] as const)
  test(`${path} is no rotated ${original}`, () =>
    assert.equal(isRotatedName(`/logs/${path}`, `/logs/${original}`), false));

test("earlier paths are in the same directory, and in the one above", () => {
  const paths = earlierPaths("/logs/old/app.log.1");
  assert.ok(paths.includes("/logs/app.log") && paths.includes("/logs/old/app.log"));
  assert.ok(earlierPaths(`/logs/${"a-1.".repeat(60)}log.999.gz`).length < 200_000);
});

test("what is named after a file, and the name of what is compressed", () => {
  assert.ok(isNamedAfter("/logs/app.log.1", "/logs/app.log") && isNamedAfter("/x/app.log-2", "/logs/app.log"));
  assert.ok(!isNamedAfter("/logs/app.logs", "/logs/app.log") && !isNamedAfter("/logs/app.log", "/logs/app.log"));
  assert.equal(unpackedPath("/logs/app.log.gz"), "/logs/app.log");
  assert.equal(unpackedPath("/logs/app.log"), undefined);
});
