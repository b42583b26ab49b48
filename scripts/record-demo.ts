// `npm run film`: records docs/img/demo.svg, the README's moving picture, from `spillway demo` in a real terminal (tmux). Run it by
// hand before a release, because every run differs.
//   node scripts/record-demo.ts [--seconds 60] [--out docs/img/demo.svg]
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { COLUMNS, ROWS } from "../src/cli/demo/view.ts";
import { systemClock as clock } from "../src/core/clock.ts";
import { Tmux } from "../test/helpers/tmux.ts";
import { renderFilm } from "./lib/film.ts";

const ROOT = dirname(import.meta.dirname);
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    out: { type: "string", default: join(ROOT, "docs/img/demo.svg") },
  },
});
const FRAMES = 60;
const FRAME_MS = 300;
const everyMs = (Number(values.seconds) * 1000) / FRAMES;
/** The ladder is at its highest rung then. */
const STILL = Math.floor(FRAMES * 0.7);

// The demo writes below the current directory.
const directory = mkdtempSync(join(tmpdir(), "spillway-film-"));
const program = `'${process.execPath}' '${join(ROOT, "bin/spillway.js")}' demo --seconds ${values.seconds}`;
const terminal = new Tmux(`cd '${directory}' && ${program}`, COLUMNS, ROWS);
try {
  await terminal.shows("the demo", /spillway demo/);
  const screens: string[][] = [];
  while (screens.length < FRAMES && terminal.alternate) {
    screens.push(terminal.screen().split("\n").slice(0, ROWS));
    await clock.sleep(everyMs);
  }
  const about =
    "The output becomes slow and the buffer fills. Reading waits at 70 %, records are sampled at 85 %, the oldest are " +
    "dropped at 95 %. When the output is fast again, the buffer empties, and the ledger adds up.";
  const film = {
    title: "spillway demo",
    about,
    columns: COLUMNS,
    rows: ROWS,
    screens,
    frameMs: FRAME_MS,
    still: STILL,
  };
  writeFileSync(values.out, renderFilm(film));
  terminal.press("q");
  await terminal.shows("the end of the demo", () => terminal.ended !== undefined);
} finally {
  terminal[Symbol.dispose]();
  rmSync(directory, { recursive: true, force: true });
}
