// Runs the demo from start to end: starts all parts, plays the acts, stops everything, and prints the summary.
import { relative } from "node:path";
import { systemClock } from "../../core/clock.ts";
import { EXIT, type ExitCode } from "../../core/errors.ts";
import { onSignals } from "../../ops/signals.ts";
import { parseFaults } from "../../sandbox/faults.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { version } from "../version.ts";
import { ACTS, playWith } from "./acts.ts";
import { AgentLog } from "./agent-log.ts";
import { type Audience, fitsScreen, plainAudience, screenAudience } from "./audience.ts";
import { PageSwitches } from "./page-switches.ts";
import { Play } from "./play.ts";
import { type Stage, openStage } from "./stage.ts";
import { renderStart, renderSummary } from "./summary.ts";
import type { Key } from "./switches.ts";

export interface PerformOptions {
  readonly totalMs: number;
  /** Replaces the faults of the bad acts. */
  readonly faults: string | undefined;
  readonly terminal: Terminal;
  /** The directory in which the demo creates its own. */
  readonly within: string;
}

export async function perform({ totalMs, faults, terminal, within }: PerformOptions): Promise<ExitCode> {
  if (faults !== undefined) parseFaults(faults);
  const log = new AgentLog();
  const quit = new AbortController();
  let ending: Promise<void> | undefined;
  const switches = new PageSwitches();
  const stage = await openStage({ clock: systemClock, log, version, within, switches });
  const stop = (): void => quit.abort();
  const release = onSignals({ stop, reload: stop, report: () => {}, hurry: () => stage.hurry() }, systemClock);
  try {
    terminal.out(renderStart(stage.url, relative(within, stage.directory), totalMs).join("\n"));
    const play = await playOut({
      stage,
      log,
      totalMs,
      acts: faults === undefined ? ACTS : playWith(faults),
      quit,
      terminal,
      switches,
    });
    if (quit.signal.aborted) terminal.err("stopping: delivering what is left for at most 5 s; Ctrl-C again: leave now");
    await (ending = finish(stage));
    for (const complaint of log.complaints) terminal.err(complaint);
    const status = stage.status();
    const { records, bytes } = status.ledger.balance;
    const word = process.env["npm_lifecycle_event"] === undefined ? "spillway" : "npx spillway";
    const ended = { status, history: play.history, stored: stage.stored(), config: stage.config.text, word };
    terminal.out(["", ...renderSummary(ended)].join("\n"));
    return records === 0 && bytes === 0 ? EXIT.ok : EXIT.fault;
  } finally {
    await (ending ?? finish(stage));
    release();
  }
}

interface Evening {
  readonly stage: Stage;
  readonly log: AgentLog;
  readonly totalMs: number;
  readonly acts: typeof ACTS;
  readonly quit: AbortController;
  readonly terminal: Terminal;
  readonly switches: PageSwitches;
}

async function playOut({ stage, log, totalMs, acts, quit, terminal, switches }: Evening): Promise<Play> {
  const seat = { stdin: process.stdin, stdout: process.stdout, env: process.env };
  const handle = (key: Key): void => {
    if (key.kind === "quit") quit.abort();
    else switches.press(key.to.key);
  };
  const audience: Audience = fitsScreen(seat)
    ? screenAudience(seat, handle)
    : plainAudience((line) => terminal.out(line));
  const show: Audience["show"] = (view) => audience.show(view);
  const play = new Play({ stage, log, clock: systemClock, acts, totalMs, show, quit: quit.signal });
  switches.connect((to) => void play.take(to));
  try {
    await Promise.race([play.run(), stage.failure()]);
  } finally {
    audience.leave();
  }
  return play;
}

/** Clears the faults of the output, then stops everything. */
async function finish(stage: Stage): Promise<void> {
  await stage.change("");
  await stage.end();
}
