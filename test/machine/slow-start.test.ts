// A start that takes long, because there are so many files or the disk is so slow.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { eventually } from "../helpers/agent-process.ts";
import { Scene } from "../helpers/failing-scene.ts";

const FILES = 2000;
const OPEN_MS = 15;

for (const how of ["follow", "once"] as const)
  test(`a stop while the files are looked at first does not wait for that (${how})`, async (t) => {
    const scene = await Scene.of(t);
    if (!scene) return;
    for (let i = 0; i < FILES; i++) writeFileSync(join(scene.place.logs, `${i}.log`), `line ${i}\n`);
    scene.disk.set({ call: "open", path: ".log", delayMs: OPEN_MS });
    const environment = Object.entries(scene.disk.environment).map((each) => each.join("="));
    const agent = scene.place.runBelow(["env", ...environment], ...(how === "once" ? ["--once"] : []));
    await eventually("it looks at files", () => scene.disk.met);
    const from = systemClock.now();
    agent.signal("SIGTERM");
    const { code } = await agent.exited;
    const tookMs = systemClock.now() - from;
    assert.deepEqual(agent.heard("ready"), []);
    assert.ok(tookMs < (FILES * OPEN_MS) / 2, `${tookMs} ms`);
    // With --once, the run was stopped before it had finished.
    assert.equal(code, how === "once" ? 75 : 0, agent.story());
    scene.place.books();
  });
