// One scenario per guarantee of the engine. Each was broken in the first version by a legal configuration, ordinary load or one
// fault. The engine is the product's own; clock, disk, server and files are simulated.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ladder } from "../../src/core/options.ts";
import { DEAD, DELIVERED, DROPPED_AGE, DROPPED_CORRUPT, SAMPLED } from "../../src/core/fate.ts";
import { checkState, stateOf } from "./checks.ts";
import { READ, type SimSpec, configOf } from "./configuration.ts";
import { FINE } from "./disk.ts";
import { SimFile } from "./files.ts";
import { clear } from "./server.ts";
import { Simulation } from "./simulation.ts";

const KIB = 1024;
const BLOCK: Ladder = [{ action: "block", enter: 0.7, leave: 0.6, until: undefined, notify: undefined }];
const DROP: Ladder = [{ action: "drop-oldest", enter: 0.9, leave: 0.8, notify: undefined }];
const SAMPLE: Ladder = [{ action: "sample", enter: 0.5, leave: 0.4, keep: 4, always: undefined, notify: undefined }];

/** Makes a simulation with this configuration and starts the agent. */
async function scene(spec: SimSpec): Promise<Simulation> {
  const simulation = new Simulation(1, "memory", configOf(spec));
  await simulation.start("follow");
  return simulation;
}

function fileOf({ files }: Simulation, input: string): SimFile {
  return files.find((file) => file.input === input && !file.gone) as SimFile;
}

function fate({ engine }: Simulation, input: string, of: number): number {
  return engine.buffer.figures().accounts.get(input)?.fates[of]?.records ?? 0;
}

/** Restarts the agent with another configuration. */
async function restart(simulation: Simulation, spec: SimSpec, how: "stop" | "kill" = "stop"): Promise<void> {
  if (how === "stop") await simulation.stop();
  else simulation.crash(false);
  simulation.config = configOf(spec);
  await simulation.start("follow");
}

test("long records that escaping widens do not wait for each other", async () => {
  const records = { size: [3000, 3400], wide: 1 } as const;
  const inputs = ["a", "b", "c"].map((id) => ({ id, index: id, records }));
  const simulation = await scene({ inputs, batch: 8 * KIB, concurrency: 3 });
  for (const { id } of inputs) simulation.write(fileOf(simulation, id), 20);
  await simulation.pass(30_000);
  for (const { id } of inputs) assert.equal(fate(simulation, id, DELIVERED), 20);
});

test("a circuit that opened while a request hangs and its chunks were shed is tried again", async () => {
  const simulation = await scene({ inputs: [{ id: "a" }], policies: { default: DROP }, disk: 0, concurrency: 2 });
  simulation.write(fileOf(simulation, "a"), 10);
  simulation.server.weather = { ...clear(), state: "hang" };
  await simulation.pass(2000);
  simulation.server.weather = { ...clear(), state: "down" };
  for (let i = 0; i < 60; i++) {
    simulation.write(fileOf(simulation, "a"), 60);
    await simulation.pass(1000);
  }
  assert.ok(fate(simulation, "a", 5) > 0, "drop-oldest has acted");
  simulation.server.weather = clear();
  await simulation.pass(60_000);
  assert.equal(simulation.engine.buffer.open, 0);
  assert.equal(simulation.engine.delivery.circuit, "closed");
});

test("less memory than a stored record needs: it stays in the buffer, said, and everything else flows", async () => {
  const inputs = [{ id: "a", records: { size: [9000, 11_000], wide: 0 } as const }, { id: "b" }];
  const simulation = await scene({ inputs, memory: 384 * KIB, batch: 24 * KIB });
  simulation.server.weather = { ...clear(), state: "down" };
  simulation.write(fileOf(simulation, "a"), 3);
  simulation.write(fileOf(simulation, "b"), 30);
  await simulation.pass(20_000);
  await simulation.stop();
  const less = configOf({ inputs, memory: 384 * KIB, batch: 24 * KIB });
  // As if the memory had become too small for any of these chunks.
  const quotas = { ...less.limits.quotas, pool: 30 * KIB, stage: 24 * KIB, leased: 6 * KIB, page: 4 * KIB };
  simulation.config = { ...less, limits: { ...less.limits, quotas } };
  simulation.server.weather = clear();
  await simulation.start("follow");
  await simulation.pass(30_000);
  assert.deepEqual([fate(simulation, "a", DELIVERED), fate(simulation, "b", DELIVERED)], [0, 30]);
  assert.equal(simulation.engine.buffer.figures().aside, simulation.engine.buffer.open);
  assert.ok(simulation.log().some((line) => line.includes("row_set_aside")));
  for (const rows of [0, 20 * KIB]) {
    await simulation.stop();
    simulation.config = { ...less, limits: { quotas, rows } };
    await simulation.start("follow");
    simulation.write(fileOf(simulation, "b"), 30);
    await simulation.pass(30_000);
    assert.equal(fileOf(simulation, "b").size, simulation.position(fileOf(simulation, "b")), `${rows} bytes for rows`);
    assert.equal(fate(simulation, "b", DELIVERED), fileOf(simulation, "b").records);
    assert.equal(simulation.engine.ladders.of("default").limited, false);
  }
  await simulation.stop();
  simulation.config = { ...less, limits: { ...less.limits, quotas } };
  await simulation.start("follow");
  await restart(simulation, { inputs, memory: 384 * KIB, batch: 24 * KIB });
  await simulation.pass(30_000);
  assert.equal(fate(simulation, "a", DELIVERED), 3, "with its memory back it is delivered");
});

test("`disk: 0` with rows on disk: they are delivered first, nothing is shed, and intake says that it waits", async () => {
  const spec: SimSpec = { inputs: [{ id: "a" }], policies: { default: DROP } };
  const simulation = await scene(spec);
  simulation.server.weather = { ...clear(), state: "down" };
  simulation.write(fileOf(simulation, "a"), 3000);
  await simulation.pass(60_000);
  await restart(simulation, { ...spec, disk: 0 });
  simulation.write(fileOf(simulation, "a"), 10);
  await simulation.pass(5000);
  assert.equal(simulation.engine.intake.waiting().get("a"), "limit");
  simulation.server.weather = clear();
  await simulation.pass(60_000);
  assert.equal(fate(simulation, "a", DELIVERED), 3010);
  assert.equal(stateOf(simulation.engine).stored, 0);
  assert.equal(simulation.engine.intake.waiting().size, 0);
});

test("less disk than is buffered: nothing is shed until the backlog has fitted once, over a further restart too", async () => {
  const spec: SimSpec = { inputs: [{ id: "a" }], policies: { default: DROP } };
  const simulation = await scene(spec);
  simulation.server.weather = { ...clear(), state: "down" };
  simulation.write(fileOf(simulation, "a"), 6000);
  await simulation.pass(60_000);
  const less = { ...spec, disk: 100 * KIB };
  await restart(simulation, less);
  await simulation.pass(10_000);
  await restart(simulation, less, "kill");
  await simulation.pass(10_000);
  assert.equal(simulation.shed(), 0);
  assert.equal(simulation.engine.ladders.of("default").limited, true);
  simulation.server.weather = clear();
  await simulation.pass(60_000);
  assert.deepEqual([fate(simulation, "a", DELIVERED), simulation.shed()], [6000, 0]);
  assert.equal(simulation.engine.ladders.of("default").limited, false);
});

test("a drain sheds nothing, whatever its configuration says", async () => {
  const spec: SimSpec = { inputs: [{ id: "a" }], policies: { default: DROP } };
  const simulation = await scene(spec);
  simulation.server.weather = { ...clear(), state: "down" };
  simulation.write(fileOf(simulation, "a"), 6000);
  await simulation.pass(60_000);
  await simulation.stop();
  simulation.config = configOf({ ...spec, disk: 100 * KIB, maxAge: 1000 });
  await simulation.start("drain");
  await simulation.pass(10_000);
  simulation.server.weather = clear();
  await simulation.pass(60_000);
  assert.deepEqual([fate(simulation, "a", DELIVERED), simulation.shed()], [6000, 0]);
});

test("bytes at risk are judged per ladder and read from the inputs that hold them", async () => {
  const atRisk = 20 * KIB;
  const block = {
    action: "block",
    enter: 0.3,
    leave: 0.2,
    until: { waited: undefined, atRisk },
    notify: undefined,
  } as const;
  const inputs = ["a", "b", "c"].map((id) => ({ id }));
  const simulation = await scene({ inputs, policies: { default: [block] }, disk: 300 * KIB });
  simulation.server.weather = { ...clear(), state: "down" };
  for (let i = 0; i < 30 && simulation.engine.ladders.of("default").standing.rung === 0; i++) {
    for (const { id } of inputs) simulation.write(fileOf(simulation, id), 100);
    await simulation.pass(5000);
  }
  // Three deleted files with 10 KiB each: each is below the limit, together they are above it.
  for (const { id } of inputs) {
    const file = fileOf(simulation, id);
    await simulation.pass(1000);
    while (file.size - simulation.position(file) < 10 * KIB) simulation.write(file, 10);
    file.gone = true;
  }
  const unread = (): number => simulation.files.reduce((sum, file) => sum + file.size - simulation.position(file), 0);
  const before = unread();
  await simulation.pass(60_000);
  assert.ok(before > atRisk, `${before} bytes at risk`);
  assert.ok(unread() <= atRisk, `${unread()} of ${before} bytes are still at risk`);
});

test("a share is a limit: a ladder that only samples leaves the other its part", async () => {
  const inputs = [
    { id: "a", policy: "samples", index: "a" },
    { id: "b", policy: "blocks", index: "b" },
  ];
  const policies = { samples: SAMPLE, blocks: BLOCK };
  const simulation = await scene({ inputs, policies, disk: 300 * KIB, shares: { samples: 0.5 } });
  simulation.server.weather = { ...clear(), state: "down" };
  for (let i = 0; i < 60; i++) {
    simulation.write(fileOf(simulation, "a"), 200);
    simulation.write(fileOf(simulation, "b"), 5);
    await simulation.pass(2000);
  }
  assert.equal(simulation.engine.intake.waiting().get("a"), "share");
  const { occupied, budget } = simulation.engine.buffer.level("samples");
  assert.ok(occupied <= budget + READ, `${occupied} of ${budget}`);
  assert.ok(fate(simulation, "a", SAMPLED) > 0);
  const b = fileOf(simulation, "b");
  assert.equal(simulation.position(b), b.size, "the other ladder's input was read");
  checkState(simulation.engine);
});

test("one stuck target is its own trouble: its input gets its part of the ladder, the others go on", async () => {
  const inputs = ["a", "b"].map((id) => ({ id, index: id }));
  const simulation = await scene({ inputs, policies: { default: BLOCK }, disk: 300 * KIB });
  simulation.server.weather = { ...clear(), indices: new Map([["a", "denied"]]) };
  const delivered: number[] = [];
  for (let i = 0; i < 60; i++) {
    simulation.write(fileOf(simulation, "a"), 100);
    simulation.write(fileOf(simulation, "b"), 20);
    await simulation.pass(2000);
    delivered.push(fate(simulation, "b", DELIVERED));
  }
  const b = fileOf(simulation, "b");
  assert.equal(delivered.at(-1), b.records, "all of b was delivered meanwhile");
  assert.equal(simulation.engine.intake.waiting().get("a"), "target");
  const { occupied, budget } = simulation.engine.buffer.level("default");
  assert.ok(occupied <= 0.6 * budget, `a has ${occupied} of ${budget}, its part is half`);
  assert.ok(
    stateOf(simulation.engine).pool <= 16 * KIB,
    `${stateOf(simulation.engine).pool} bytes of memory wait for a`,
  );
  assert.equal(simulation.shed(), 0);
  assert.ok(simulation.log().some((line) => line.includes("output_stalled")));
  simulation.server.weather = clear();
  await simulation.pass(120_000);
  assert.equal(fate(simulation, "a", DELIVERED), fileOf(simulation, "a").records);
  assert.ok(simulation.log().some((line) => line.includes("output_recovered")));
});

test("inputs whose target takes go on though others have filled their ladder before it was known that theirs take nothing", async () => {
  for (const mood of ["denied", "unavailable", "hangs"] as const) {
    for (const [stuck, memory] of [
      [1, 384 * KIB],
      [4, 2000 * KIB],
    ] as const) {
      const ids = [...Array.from({ length: stuck }, (_, n) => `s${n}`), "a"];
      const inputs = ids.map((id) => ({ id, index: id }));
      const simulation = await scene({ inputs, memory, disk: 0, policies: { default: BLOCK }, batch: 8 * KIB });
      simulation.server.weather = { ...clear(), indices: new Map(ids.slice(0, -1).map((id) => [id, mood])) };
      for (let second = 0; second < 60; second++) {
        for (const id of ids) simulation.write(fileOf(simulation, id), id === "a" ? 20 : 2000 / stuck);
        await simulation.pass(1000);
      }
      const a = fileOf(simulation, "a");
      const rung = simulation.engine.ladders.of("default").standing.rung;
      assert.ok(
        a.records - fate(simulation, "a", DELIVERED) <= 100,
        `${mood} ${stuck}: ${fate(simulation, "a", DELIVERED)} of ${a.records}, rung ${rung}`,
      );
    }
  }
});

test("indices that answer nothing keep no other waiting, however many they are, and are said by name", async () => {
  for (const [hanging, healthy] of [
    [1, 5],
    [16, 4],
  ] as const) {
    const ids = Array.from({ length: hanging + healthy }, (_, n) => `n${n}`);
    const inputs = ids.map((id) => ({ id, index: id }));
    const simulation = await scene({ inputs, memory: 2000 * KIB, policies: { default: BLOCK } });
    const write = (): void => ids.forEach((id) => simulation.write(fileOf(simulation, id), 5));
    write();
    await simulation.pass(5000);
    simulation.server.weather = { ...clear(), indices: new Map(ids.slice(0, hanging).map((id) => [id, "hangs"])) };
    for (let second = 0; second < 70; second++) {
      write();
      await simulation.pass(1000);
      if (second < 60) continue;
      for (const id of ids.slice(hanging)) {
        const [delivered, written] = [fate(simulation, id, DELIVERED), fileOf(simulation, id).records];
        assert.ok(written - delivered <= 25, `${id}: ${delivered} of ${written} after ${second} s`);
      }
    }
    for (const id of ids.slice(0, hanging))
      assert.ok(simulation.log().some((line) => line.includes(`output_stalled: ${id} takes nothing`)));
    simulation.server.weather = clear();
    await simulation.heal();
  }
});

test("drop rungs take from the stuck target first", async () => {
  const inputs = ["a", "b"].map((id) => ({ id, index: id }));
  const early: Ladder = [{ action: "drop-oldest", enter: 0.3, leave: 0.2, notify: undefined }];
  const simulation = await scene({ inputs, policies: { default: early }, disk: 300 * KIB });
  simulation.server.weather = { ...clear(), indices: new Map([["a", "unavailable"]]) };
  for (let i = 0; i < 60; i++) {
    simulation.write(fileOf(simulation, "a"), 100);
    simulation.write(fileOf(simulation, "b"), 20);
    await simulation.pass(2000);
  }
  assert.ok(fate(simulation, "a", 5) > 0);
  assert.equal(fate(simulation, "b", 5), 0);
});

test("a backlog of small blocks drains in full batches while new records go on coming", async () => {
  const simulation = await scene({ inputs: [{ id: "a" }], batch: 16 * KIB, concurrency: 1 });
  const file = fileOf(simulation, "a");
  simulation.server.weather = { ...clear(), state: "down" };
  for (let second = 0; second < 600; second++) {
    simulation.write(file, 4);
    await simulation.pass(1000);
  }
  simulation.server.weather = { ...clear(), latency: [50, 50] };
  const { metrics } = simulation.engine.delivery;
  const before = metrics.requests;
  while (fate(simulation, "a", DELIVERED) < 2000) {
    if (file.size - simulation.position(file) < 20_000) simulation.write(file, 200);
    await simulation.pass(100);
  }
  const docs = fate(simulation, "a", DELIVERED) / (metrics.requests - before);
  assert.ok(docs > 30, `${docs} documents per request`);
});

test("memory alone at its smallest is as fast as with a disk, and its ladder stays at accept", async () => {
  const took: number[] = [];
  for (const disk of [0, 2000 * KIB]) {
    const simulation = await scene({ inputs: [{ id: "a" }], policies: { default: BLOCK }, memory: 128 * KIB, disk });
    simulation.server.weather = { ...clear(), latency: [10, 10] };
    simulation.write(fileOf(simulation, "a"), 8000);
    const start = simulation.clock.time;
    while (fate(simulation, "a", DELIVERED) < 8000) await simulation.pass(100);
    took.push(simulation.clock.time - start);
    assert.ok(!simulation.log().some((line) => line.includes("to block")), "no rung was entered");
  }
  const [alone = 0, withDisk = 0] = took;
  assert.ok(alone <= 1.2 * withDisk, `${alone} ms without a disk, ${withDisk} ms with one`);
});

test("reading ahead enters no rung, however low it is", async () => {
  const low: Ladder = [{ action: "block", enter: 0.1, leave: 0.05, until: undefined, notify: undefined }];
  const simulation = await scene({ inputs: [{ id: "a" }], policies: { default: low }, memory: 384 * KIB, disk: 0 });
  simulation.write(fileOf(simulation, "a"), 2000);
  await simulation.pass(60_000);
  assert.equal(fate(simulation, "a", DELIVERED), 2000);
  assert.ok(!simulation.log().some((line) => line.includes("to block")), "no rung was entered");
});

test("a clock that jumps expires nothing, and what is too old goes all the same", async () => {
  const simulation = await scene({ inputs: [{ id: "a" }], maxAge: 60_000 });
  simulation.server.weather = { ...clear(), state: "down" };
  simulation.write(fileOf(simulation, "a"), 500);
  await simulation.pass(20_000);
  simulation.clock.wallShift += 20 * 365 * 86_400_000;
  await simulation.pass(5000);
  simulation.clock.wallShift -= 40 * 365 * 86_400_000;
  await restart(simulation, { inputs: [{ id: "a" }], maxAge: 60_000 });
  await simulation.pass(5000);
  assert.equal(simulation.shed(), 0);
  simulation.write(fileOf(simulation, "a"), 100);
  await simulation.pass(45_000);
  assert.equal(fate(simulation, "a", DROPPED_AGE), 500);
  simulation.server.weather = clear();
  await simulation.pass(30_000);
  assert.equal(fate(simulation, "a", DELIVERED), 100);
});

test("a quarter of an hour with a disk that fails: memory, objects and loss ranges stay bounded, and it heals by itself", async () => {
  const simulation = await scene({ inputs: [{ id: "a", files: 20 }], policies: { default: DROP } });
  await simulation.pass(2000);
  simulation.disk.weather = { latency: [0, 20], writes: "fail", reads: "ok", leaves: 1 };
  for (let i = 0; i < 180; i++) {
    simulation.server.weather = { ...clear(), state: i % 3 === 0 ? "up" : "down" };
    for (const file of simulation.files) simulation.write(file, 4);
    await simulation.pass(5000);
  }
  const state = stateOf(simulation.engine);
  assert.equal(simulation.engine.buffer.figures().mode, "degraded");
  assert.ok(state.fresh.size <= state.quotas.fresh, `${state.fresh.size} chunks`);
  assert.ok(state.passed.losses.size <= 4000 + 2 * 20, `${state.passed.losses.size} ranges`);
  simulation.disk.weather = { latency: [0, 20], writes: "ok", reads: "ok", leaves: 1 };
  await simulation.heal();
});

test("a disk that fails for an hour: records of new files are delivered", async () => {
  const simulation = await scene({ inputs: [{ id: "a" }] });
  await simulation.pass(2000);
  simulation.disk.weather = { ...FINE, writes: "fail" };
  await simulation.pass(5000);
  for (let n = 1; n <= 60; n++) {
    const file = new SimFile("a", `new${n}`);
    simulation.files.push(file);
    simulation.write(file, 5);
    await simulation.pass(60_000);
    assert.equal(fate(simulation, "a", DELIVERED), 5 * n);
  }
  simulation.disk.weather = { ...FINE };
  await simulation.heal();
});

test("of a file that is gone, what was answered for outlives a power cut", async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const simulation = new Simulation(seed, "memory", configOf({ inputs: [{ id: "a" }] }));
    await simulation.start("follow");
    simulation.server.weather = { ...clear(), state: "down" };
    const file = fileOf(simulation, "a");
    simulation.write(file, 1);
    await simulation.pass(1000);
    simulation.write(file, 999);
    file.gone = true;
    for (let ms = 0; ms < 60_000 && !simulation.answered.has(file.id); ms += 10) await simulation.pass(10);
    assert.ok(simulation.answered.has(file.id));
    simulation.crash(true);
    await simulation.start("follow");
    await simulation.heal();
    assert.equal(simulation.server.has(file, 999), true);
  }
});

test("rows that cannot be read do not hold up what is read now", async () => {
  const simulation = await scene({ inputs: [{ id: "a" }] });
  simulation.server.weather = { ...clear(), state: "down" };
  simulation.write(fileOf(simulation, "a"), 3000);
  await simulation.pass(60_000);
  const { open } = stateOf(simulation.engine);
  simulation.disk.weather = { ...FINE, reads: "fail" };
  await restart(simulation, { inputs: [{ id: "a" }] });
  simulation.server.weather = clear();
  await simulation.pass(10_000);
  assert.deepEqual([fate(simulation, "a", DELIVERED), stateOf(simulation.engine).open], [0, open]);
  simulation.write(fileOf(simulation, "a"), 20);
  await simulation.pass(10_000);
  assert.equal(fate(simulation, "a", DELIVERED), 20);
  simulation.disk.weather = { ...FINE };
  await simulation.heal();
});

test("a disk that hangs while it drops: the drop rung goes on in memory", async () => {
  const simulation = await scene({ inputs: [{ id: "a" }], policies: { default: DROP }, disk: 300 * KIB });
  const file = fileOf(simulation, "a");
  simulation.server.weather = { ...clear(), state: "down" };
  for (let i = 0; i < 120 && simulation.shed() === 0; i++) {
    simulation.write(file, 100);
    await simulation.pass(500);
    const share = stateOf(simulation.engine).shares.get("default");
    if ((share?.promised ?? 0) > 0) break;
  }
  simulation.disk.weather = { ...FINE, reads: "hang", writes: "hang" };
  for (let i = 0; i < 60; i++) {
    simulation.write(file, 20);
    await simulation.pass(1000);
  }
  const before = simulation.shed();
  for (let i = 0; i < 60; i++) {
    simulation.write(file, 100);
    await simulation.pass(1000);
  }
  assert.ok(simulation.shed() > before + 3000, `${simulation.shed() - before} of 6000 records were dropped`);
  assert.ok(file.size - simulation.position(file) < 24 * KIB, "the file is read");
  await simulation.heal();
});

test("a disk without room for rows has not failed: what is delivered is removed, and nothing is shed or said again and again", async () => {
  const simulation = await scene({ inputs: [{ id: "a" }], policies: { default: DROP } });
  simulation.server.weather = { ...clear(), state: "down" };
  simulation.write(fileOf(simulation, "a"), 2000);
  await simulation.pass(20_000);
  simulation.disk.weather = { latency: [0, 20], writes: "full", reads: "ok", leaves: 1 };
  for (let i = 0; i < 12; i++) {
    simulation.write(fileOf(simulation, "a"), 50);
    await simulation.pass(5000);
  }
  const said = (event: string): number => simulation.log().filter((line) => line.includes(event)).length;
  assert.deepEqual([said("disk_full"), said("disk_failed"), simulation.shed()], [1, 0, 0]);
  assert.notEqual(simulation.engine.buffer.figures().mode, "degraded");
  simulation.server.weather = clear();
  await simulation.pass(30_000);
  assert.equal(fate(simulation, "a", DELIVERED), 2600);
  assert.equal(stateOf(simulation.engine).stored, 0, "rows were removed from a full disk");
  await simulation.heal();
});

test("others take the disk and give it back: no backlog meanwhile, nothing is shed, and it is used again", async () => {
  const simulation = await scene({ inputs: [{ id: "a" }], policies: { default: DROP } });
  simulation.server.weather = { ...clear(), state: "down" };
  simulation.disk.weather = { latency: [0, 20], writes: "ok", reads: "ok", leaves: 0 };
  await simulation.pass(2000);
  simulation.write(fileOf(simulation, "a"), 300);
  await simulation.pass(20_000);
  assert.deepEqual([stateOf(simulation.engine).limits.rows, stateOf(simulation.engine).stored], [0, 0]);
  assert.equal(simulation.engine.buffer.figures().mode, "memory");
  simulation.disk.weather = { latency: [0, 20], writes: "ok", reads: "ok", leaves: 1 };
  await simulation.pass(20_000);
  assert.equal(simulation.engine.buffer.figures().mode, "spill");
  assert.ok(stateOf(simulation.engine).stored > 0);
  assert.equal(simulation.shed(), 0);
  await simulation.heal();
});

test("a block that is damaged costs itself: the rest is delivered, and the loss is listed", async () => {
  const simulation = await scene({ inputs: [{ id: "a", files: 5 }] });
  simulation.server.weather = { ...clear(), state: "down" };
  for (const file of simulation.files) simulation.write(file, 200);
  await simulation.pass(60_000);
  await simulation.stop();
  simulation.disk.damage();
  simulation.server.weather = clear();
  await simulation.start("follow");
  await simulation.pass(60_000);
  const lost = fate(simulation, "a", DROPPED_CORRUPT);
  assert.ok(lost > 0 && lost < 1000);
  assert.equal(fate(simulation, "a", DELIVERED), 1000 - lost);
  await simulation.stop();
  simulation.checkRecords();
});

test("documents that are refused for good are dead letters, however many, and nothing waits behind them", async () => {
  const simulation = await scene({ inputs: [{ id: "a" }] });
  simulation.server.weather = { ...clear(), indices: new Map([["i1", "mapping"]]) };
  simulation.write(fileOf(simulation, "a"), 3000);
  await simulation.pass(60_000);
  assert.equal(fate(simulation, "a", DELIVERED) + fate(simulation, "a", DEAD), 3000);
  assert.ok(fate(simulation, "a", DEAD) > 500);
});

for (const { name, ...spec } of [
  { name: "", memory: 256 * KIB },
  { name: ", with the least memory", memory: 128 * KIB },
  { name: ", in memory alone, while its ladder drops", memory: 256 * KIB, disk: 0 },
]) {
  test(`newest first: after an outage a new record is stored within 2 s, beside the backlog${name}`, async () => {
    const base = { inputs: [{ id: "a" }], policies: { default: DROP }, batch: 8 * KIB, batchAge: 1000, concurrency: 1 };
    const simulation = await scene({ ...base, ...spec, order: "newest" });
    const file = fileOf(simulation, "a");
    simulation.server.weather = { ...clear(), state: "down" };
    for (let second = 0; second < 200; second++) {
      simulation.write(file, 6);
      await simulation.pass(1000);
    }
    simulation.server.weather = { ...clear(), latency: [200, 200] };
    const { server } = simulation;
    const backlog = file.records;
    // The server is first found to be up again.
    while (fate(simulation, "a", DELIVERED) === 0) await simulation.pass(100);
    let late = 0;
    for (let n = 0; n < 8; n++) {
      simulation.write(file, 1);
      const record = file.records - 1;
      const written = simulation.clock.time;
      while (!server.has(file, record)) await simulation.pass(50);
      late = Math.max(late, simulation.clock.time - written);
      await simulation.pass(500);
      if (n === 0) assert.ok(!server.has(file, Math.floor(0.95 * backlog)), "the backlog is still there");
    }
    assert.ok(late < 2000, `stored after ${late} ms`);
    await simulation.heal();
  });
}

test("newest first: the backlog is delivered though new records come faster than the server takes them", async () => {
  const took: number[] = [];
  for (const order of ["oldest", "newest"] as const) {
    const simulation = await scene({ inputs: [{ id: "a" }], batch: 8 * KIB, concurrency: 1, order });
    const file = fileOf(simulation, "a");
    simulation.server.weather = { ...clear(), state: "down" };
    for (let second = 0; second < 60; second++) {
      simulation.write(file, 20);
      await simulation.pass(1000);
    }
    simulation.server.weather = { ...clear(), latency: [50, 50] };
    const backlog = file.records;
    const since = simulation.clock.time;
    let left = 0;
    while (left < backlog && simulation.clock.time < since + 120_000) {
      if (file.size - simulation.position(file) < 20_000) simulation.write(file, 100);
      await simulation.pass(100);
      while (left < backlog && simulation.server.has(file, left)) left++;
    }
    assert.equal(left, backlog, `${order}: the rest of the backlog waits for ever`);
    took.push(simulation.clock.time - since);
    checkState(simulation.engine);
  }
  const [alone = 0, beside = 0] = took;
  // Two of three requests take new records. Two seconds are for the first request after the outage.
  assert.ok(beside < 3.5 * alone + 2000, `${beside} ms beside new records, ${alone} ms alone`);
});

test("newest first: old documents that the server cannot read are found, though new ones are stored all the time", async () => {
  const spec = { inputs: [{ id: "a" }], batch: 16 * KIB, batchAge: 20, concurrency: 1, order: "newest" } as const;
  const simulation = await scene(spec);
  const file = fileOf(simulation, "a");
  simulation.server.weather = { ...clear(), state: "down" };
  simulation.write(file, 300);
  await simulation.pass(30_000);
  simulation.server.weather = { ...clear(), latency: [50, 50], indices: new Map([["i1", "chokes"]]) };
  const left = (): number => {
    let missing = 0;
    for (let n = 0; n < 300; n++) if (n % 50 !== 7 && !simulation.server.has(file, n)) missing++;
    return missing;
  };
  // New documents are always due.
  for (let ms = 0; ms < 60_000 && left() > 0; ms += 20) {
    simulation.write(file, 1);
    await simulation.pass(20);
  }
  assert.equal(left(), 0, "of the backlog that the server can read");
  await simulation.heal();
});
