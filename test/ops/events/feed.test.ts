import assert from "node:assert/strict";
import { test } from "node:test";
import { Feed, type Snapshot, type Tick } from "../../../src/ops/events/feed.ts";
import { type StatusDocument, statusDocument } from "../../../src/ops/status.ts";
import { ManualClock } from "../../helpers/manual-clock.ts";
import { sampleFacts, sampleProcess } from "../sample-facts.ts";

interface Heard {
  readonly event: string;
  readonly id: number;
  readonly data: unknown;
}

class Watching {
  behind = 0;
  text = "";

  send(piece: string): void {
    this.text += piece;
  }

  /** Parses the events as a browser does. */
  take(): Heard[] {
    const blocks = this.text.split("\n\n").slice(0, -1);
    this.text = "";
    return blocks.map((block) => {
      const fields = new Map(
        block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
      );
      return {
        event: fields.get("event") ?? "",
        id: Number(fields.get("id")),
        data: JSON.parse(fields.get("data") ?? "null"),
      };
    });
  }
}

interface Scene {
  readonly clock: ManualClock;
  readonly feed: Feed;
  looks: number;
}

function scene(): Scene {
  const clock = new ManualClock();
  const made: Scene = {
    clock,
    looks: 0,
    feed: new Feed({
      clock,
      status: (): StatusDocument => {
        made.looks++;
        return statusDocument(sampleFacts({ uptimeMs: clock.now() }), sampleProcess);
      },
    }),
  };
  return made;
}

test("a watcher gets a snapshot, then a tick a second, each with what /status says", () => {
  const { clock, feed } = scene();
  feed.start();
  clock.advance(20_000);
  const watcher = new Watching();
  feed.watch(watcher);
  assert.match(watcher.text, /^retry: 2000\n/);
  const [first, ...rest] = watcher.take();
  assert.equal(first?.event, "snapshot");
  assert.equal(rest.length, 0);
  const snapshot = first?.data as Snapshot;
  assert.equal(snapshot.status.uptime_seconds, 20);
  assert.equal(snapshot.history.fine.length, 5);
  assert.deepEqual([snapshot.switches, snapshot.switched], [[], null]);
  clock.advance(3000);
  const ticks = watcher.take();
  assert.deepEqual(
    ticks.map(({ event, data }) => [event, (data as Tick).status.uptime_seconds]),
    [
      ["tick", 21],
      ["tick", 22],
      ["tick", 23],
    ],
  );
  assert.ok(ticks.every(({ id }, i) => i === 0 || id > (ticks[i - 1]?.id ?? 0)));
});

test("while nobody watches the agent looks at itself every five seconds", () => {
  const made = scene();
  made.feed.start();
  made.clock.advance(60_000);
  assert.equal(made.looks, 13);
});

test("a line of the log is pushed at once, and the last hundred are in the snapshot", () => {
  const { clock, feed } = scene();
  feed.start();
  const watcher = new Watching();
  feed.watch(watcher);
  watcher.take();
  for (let i = 0; i < 150; i++) feed.line({ level: "warn", event: "rung_entered", message: `line ${i}\nwith a break` });
  const lines = watcher.take();
  assert.equal(lines.length, 150);
  assert.deepEqual(lines[149]?.data, {
    at: clock.wall(),
    level: "warn",
    event: "rung_entered",
    message: "line 149\nwith a break",
  });
  const late = new Watching();
  feed.watch(late);
  const { lines: kept } = (late.take()[0] as Heard).data as Snapshot;
  assert.deepEqual([kept.length, kept[0]?.message], [100, "line 50\nwith a break"]);
});

test("one that does not read misses ticks, and no memory piles up for it", () => {
  const { clock, feed } = scene();
  feed.start();
  const watcher = new Watching();
  feed.watch(watcher);
  watcher.take();
  watcher.behind = 1;
  clock.advance(10_000);
  assert.equal(watcher.text, "");
  watcher.behind = 0;
  clock.advance(1000);
  assert.equal(watcher.take().length, 1);
});

test("one that has left hears nothing more, and the others a goodbye at the end", () => {
  const { clock, feed } = scene();
  feed.start();
  const [gone, here] = [new Watching(), new Watching()];
  const leave = feed.watch(gone);
  feed.watch(here);
  leave();
  gone.take();
  here.take();
  feed.close();
  assert.equal(gone.text, "");
  assert.deepEqual(
    here.take().map(({ event }) => event),
    ["bye"],
  );
  clock.advance(10_000);
  assert.equal(here.text, "");
});
