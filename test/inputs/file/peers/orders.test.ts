// B33 in our notes on Fluent Bit and similar agents: a change is detected before and after it happens, in every order. Here polls
// that notifications ask for, the timer wheel and the scans run only when told to: between and after the two steps of a rotation
// or a truncation, while the file is open and after it was closed as idle.
import assert from "node:assert/strict";
import { appendFileSync, chmodSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { type Clock, systemClock } from "../../../../src/core/clock.ts";
import { TICK_MS } from "../../../../src/inputs/file/tail/timer-wheel.ts";
import { ENTERED_MS } from "../../../../src/inputs/file/discovery/scanner.ts";
import { PACE_MS } from "../../../../src/inputs/file/discovery/notifications.ts";
import type { FakeIntake } from "../../../helpers/fake-intake.ts";
import { bench } from "../setup.ts";

/** Ticks of the timer wheel within which every file is polled. */
const TICKS = 320;

/** A loop that runs one round when told to. */
class Loop {
  private go: (() => void) | undefined;
  private arrived: (() => void) | undefined;

  rest(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      this.go = resolve;
      signal?.addEventListener("abort", () => resolve(), { once: true });
      this.arrived?.();
    });
  }

  async round(): Promise<void> {
    if (this.go === undefined) await new Promise<void>((resolve) => (this.arrived = resolve));
    const { go } = this;
    const again = new Promise<void>((resolve) => (this.arrived = resolve));
    go?.();
    await again;
  }
}

class HandClock implements Clock {
  aheadMs = 0;
  readonly looks: (() => void)[] = [];
  private readonly sweep = new Loop();
  private readonly rescan = new Loop();

  readonly wall = systemClock.wall;
  readonly random = systemClock.random;

  now(): number {
    return systemClock.now() + this.aheadMs;
  }

  after(ms: number, run: () => void): { cancel(): void } {
    if (ms === PACE_MS) this.looks.push(run);
    // The delay between two scans is skipped; scans wait in `sleep`.
    else queueMicrotask(run);
    return { cancel: () => undefined };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms === TICK_MS) return this.sweep.rest(signal);
    // The pause between two turns is skipped, so that no detection comes in between.
    if (ms === 0) return Promise.resolve();
    return ms === ENTERED_MS ? this.rescan.rest(signal) : systemClock.sleep(ms, signal);
  }

  async do(what: Telling): Promise<void> {
    if (what === "hints") for (const look of this.looks.splice(0)) look();
    else if (what === "scan") await this.rescan.round();
    else for (let i = 0; i < TICKS; i++) await this.sweep.round();
  }
}

const TELLINGS = ["hints", "sweep", "scan"] as const;
type Telling = (typeof TELLINGS)[number];

interface Case {
  readonly steps: readonly [first: (file: string) => void, second: (file: string) => void];
  readonly texts: readonly string[];
}

const rename = (file: string): void => {
  appendFileSync(file, "late\n");
  renameSync(file, `${file}.1`);
};
const CASES: Readonly<Record<string, Case>> = {
  "renamed and made anew": {
    steps: [rename, (file) => writeFileSync(file, "new\n")],
    texts: ["new\n", "one\ntwo\nlate\n"],
  },
  "truncated and written to": {
    steps: [(file) => truncateSync(file), (file) => appendFileSync(file, "x\n")],
    texts: ["one\ntwo\n", "x\n"],
  },
};

type Step = Telling | 0 | 1;

/** All sequences of the two steps in their order, with each detection once at any place. */
function* sequences(done: readonly Step[] = []): Generator<readonly Step[]> {
  if (done.length === 2 + TELLINGS.length) yield done;
  for (const next of [0, 1, ...TELLINGS] as const)
    if (!done.includes(next) && (next !== 1 || done.includes(0))) yield* sequences([...done, next]);
}

async function play(t: TestContext, { steps, texts }: Case, order: readonly Step[], state: "open" | "idle") {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  const clock = new HandClock();
  writeFileSync(file, "one\ntwo\n");
  const input = await run({}, { clock });
  await has(intake, "one\ntwo\n");
  const heard = (): boolean => {
    chmodSync(file, 0o644);
    return clock.looks.length > 0;
  };
  await intake.until(heard, "a hint: it is watched");
  for (const telling of ["hints", "scan"] as const) await clock.do(telling);
  if (state === "idle") clock.aheadMs += 6000;
  await clock.do("sweep");
  assert.equal(input.status().open > 0, state === "open");
  for (const next of order) {
    if (typeof next !== "number") await clock.do(next);
    else {
      steps[next](file);
      await allHeard(dir, intake, String(next));
    }
  }
  // Runs all detections again, because some ran before the change.
  for (const telling of TELLINGS) await clock.do(telling);
  await has(intake, ...texts);
  await input.stop();
}

/** Notifications arrive in order, and those of new files are not held back. */
async function allHeard(dir: string, intake: FakeIntake, name: string): Promise<void> {
  writeFileSync(join(dir, `marker-${name}.log`), `marker ${name}\n`);
  await intake.until(() => intake.texts.includes(`marker ${name}\n`), "the marker");
}

async function has(intake: FakeIntake, ...texts: readonly string[]): Promise<void> {
  const found = (): string[] => intake.texts.filter((text) => text !== "" && !text.startsWith("marker")).sort();
  await intake.until(() => JSON.stringify(found()) === JSON.stringify(texts), `exactly ${texts.join(" and ")}`);
}

for (const [name, kind] of Object.entries(CASES))
  for (const state of ["open", "idle"] as const)
    test(`B33 ${name}, ${state}`, async (t) => {
      for (const order of sequences())
        await play(t, kind, order, state).catch((cause: unknown) => {
          throw new Error(`in the order ${order.join(", ")}`, { cause });
        });
    });
