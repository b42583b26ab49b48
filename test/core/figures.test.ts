import assert from "node:assert/strict";
import { test } from "node:test";
import { budget, count, duration, flow, percent } from "../../src/core/figures.ts";

const cases: readonly (readonly [string, string])[] = [
  [count(0), "0"],
  [count(999), "999"],
  [count(1234567.2), "1,234,567"],
  [count(-4120), "-4,120"],
  [flow(0), "0 B"],
  [flow(999), "999 B"],
  [flow(4100), "4.1 kB"],
  [flow(999_999), "1.0 MB"],
  [flow(260e9), "260.0 GB"],
  [budget(512), "512 B"],
  [budget(64 * 2 ** 20), "64 MiB"],
  [budget(1.5 * 2 ** 30), "1.5 GiB"],
  [budget(1023.99 * 2 ** 20), "1.0 GiB"],
  [percent(0.873), "87 %"],
  [duration(84.4), "84 ms"],
  [duration(6400), "6.4 s"],
  [duration(9960), "10 s"],
  [duration(59_400), "59 s"],
  [duration(1_268_000), "21m08s"],
  [duration(9_600_000), "2h40m"],
  [duration(273_600_000), "3d 04h"],
];

for (const [got, wanted] of cases) test(`reads as ${wanted}`, () => assert.equal(got, wanted));
