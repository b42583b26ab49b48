import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { renderFilm } from "../../scripts/lib/film.ts";
import { ROOT } from "../helpers/tree.ts";

const SCREENS = [
  ["always", "  <one>", ""],
  ["always", "  two", ""],
];
const FILM = { title: "a & b", about: "x", columns: 10, rows: 3, screens: SCREENS, frameMs: 500, still: 1 };

test("rows that all screens share are drawn once, the others once per frame, in columns of one width", () => {
  const svg = renderFilm(FILM);
  assert.deepEqual(
    [...svg.matchAll(/<text x="(\d+)" y="(\d+)" textLength="(\d+)">(.*)<\/text>/g)].map((one) => one.slice(1)),
    [
      ["0", "13", "48", "always"],
      ["16", "30", "40", "&lt;one&gt;"],
      ["16", "81", "24", "two"],
    ],
  );
  assert.match(svg, /<title>a &amp; b<\/title>/);
});

test("the strip moves by a frame at a time, for ever, and stands still for readers who want no motion", () => {
  const svg = renderFilm(FILM);
  assert.match(svg, /animation: run 1s steps\(2\) infinite/);
  assert.match(svg, /@keyframes run \{ to \{ transform: translateY\(-102px\) \} \}/);
  assert.match(
    svg,
    /prefers-reduced-motion: reduce\) \{ \.strip \{ animation: none; transform: translateY\(-51px\) \}/,
  );
});

test("the README's film shows the demo to its end", () => {
  const svg = readFileSync(join(ROOT, "docs/img/demo.svg"), "utf8");
  for (const said of ["block ", "sample ", "drop-oldest ", "accept ", "balance 0 OK"])
    assert.ok(svg.includes(said), said);
});
