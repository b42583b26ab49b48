// Rounds with the real agent: its state is damaged before it starts or while it runs. It goes on running or is restarted as
// systemd would do, delivers every readable row and counts the rest as lost. No operator has to do anything.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { salvage } from "../../src/buffer/salvage/salvage.ts";
import { type Body, unpack } from "../../src/buffer/spool/rows/blocks.ts";
import { isCorruption } from "../../src/buffer/spool/faults.ts";
import { openSqlite } from "../../src/buffer/spool/sqlite.ts";
import { systemClock } from "../../src/core/clock.ts";
import { hasCode } from "../../src/core/errors.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { type AgentProcess, Workplace, eventually } from "../helpers/agent-process.ts";
import { RandomLines } from "../helpers/random-lines.ts";
import type { Dice } from "../simulation/violation.ts";
import { Damage } from "./damage.ts";
import { type Readable, readable } from "./oracle.ts";
import { copyState } from "./template.ts";

const LINES = 3000;
const FILES = ["a", "b", "c"];
/** Most starts in one round. A systemd unit has no such limit; this one detects a crash loop. */
const MOST_STARTS = 5;
const PATIENCE_MS = 60_000;

export interface AgentRound {
  readonly lines: number;
  readonly stored: number;
  /** Lines whose rows are on intact pages only, or that a log file still has. */
  readonly intact: number;
  readonly doubled: number;
}

export class AgentRounds {
  private readonly place = new Workplace();
  private readonly lines = new RandomLines();
  private readonly kept = join(this.place.root, "kept");
  private readonly away = join(this.place.root, "away");
  private whole!: Readable & { readonly linesOf: ReadonlyMap<string, readonly number[]> };

  private constructor() {
    mkdirSync(this.away);
  }

  static async make(): Promise<AgentRounds> {
    const made = new AgentRounds();
    await made.spill();
    return made;
  }

  private async serve(faults: string): Promise<BulkServer> {
    const server = await startSandbox({ keep: "documents", faults: parseFaults(faults) }, systemClock);
    this.place.configure(server.url, {
      shutdown: { grace: "100ms" },
      output: { batch: { age: "50ms", records: 100 } },
    });
    return server;
  }

  /** Makes the template: reads all lines into rows while the server is down. */
  private async spill(): Promise<void> {
    const server = await this.serve("down");
    for (let i = 0; i < 20; i++)
      for (const name of FILES) this.lines.append(join(this.place.logs, `${name}.log`), LINES / FILES.length / 20);
    const agent = this.place.run();
    await agent.until("spill", ({ buffer }) => buffer.mode === "spill", 60_000);
    await eventually("every line in a row", () => this.place.books().rows.records === LINES, 60_000);
    assert.deepEqual(await agent.stop(), { code: 0, signal: null }, agent.story());
    await server.stop();
    copyState(this.place.state, this.kept);
    this.whole = { ...readable(this.kept), linesOf: linesOf(this.kept) };
  }

  async play(dice: Dice): Promise<AgentRound> {
    const { place } = this;
    const running = dice.chance(0.5);
    const server = await this.serve(running ? "slow=200ms" : "");
    rmSync(place.state, { recursive: true });
    cpSync(this.kept, place.state, { recursive: true });
    const gone = dice.chance(0.5);
    if (gone) move(place.logs, this.away);
    const damage = new Damage(place.state, dice);
    const story: AgentProcess[] = [];
    try {
      if (!running) damage.doSome();
      story.push(place.run());
      if (running) {
        await story[0]?.until("ready", () => true, PATIENCE_MS);
        await systemClock.sleep(dice.int(500));
        damage.doSome();
        await server.change(NO_FAULTS);
      }
      const lost = await this.delivered(story);
      return this.judge(server, new Set([...damage.pages, ...damage.inWal]), gone, lost);
    } catch (error) {
      const told = story.map((agent) => agent.story()).join("\n-- again\n");
      throw new Error(`logs ${gone ? "gone" : "there"}; ${damage.told.join("; ")}\n${told}`, { cause: error });
    } finally {
      for (const agent of story) if (agent.runs) await agent.kill();
      if (gone) move(this.away, place.logs);
      await server.stop();
    }
  }

  /** Waits until everything is delivered. Restarts the agent if it ends in a way that a restart repairs. @returns records lost */
  private async delivered(story: AgentProcess[]): Promise<number> {
    for (;;) {
      const agent = story.at(-1) as AgentProcess;
      const settled = agent
        .until(
          "nothing waits",
          ({ ledger, buffer }) => ledger.buffered.records === 0 && buffer.mode === "memory",
          PATIENCE_MS,
        )
        .catch((error: unknown) => {
          if (agent.runs) throw error;
          return undefined;
        });
      const status = await settled;
      const { code, signal } = status === undefined ? await agent.exited : await agent.stop();
      if (status !== undefined && code === 0) {
        this.sound();
        return status.ledger.dropped.corrupt.records;
      }
      // SQLite maps its index into memory: the kernel ends a process that touches a part that was cut off.
      assert.ok(signal === "SIGBUS" || (code === 75 && status === undefined), `ended with ${code ?? signal}`);
      assert.ok(story.length < MOST_STARTS, "a crash loop");
      story.push(this.place.run());
    }
  }

  /** Checks the state. Pages that the agent had no reason to read may still be damaged; then the state is salvaged first. */
  private sound(): void {
    try {
      this.place.books();
    } catch (error) {
      if (!isCorruption(error) && !hasCode(error, "state-corrupt")) throw error;
      salvage(this.place.state, systemClock.wall());
      this.place.books();
    }
  }

  private judge(server: BulkServer, hit: ReadonlySet<number>, gone: boolean, lost: number): AgentRound {
    const times = this.lines.stored(server);
    let [intact, doubled, stored] = [0, 0, 0];
    const missing: number[] = [];
    for (const [row, lines] of this.whole.linesOf) {
      // A log file is read again if the pages that say how far it was read are intact.
      const needed = (gone ? this.whole.pages : this.whole.index).get(row) ?? new Set();
      const isHit = !needed.isDisjointFrom(hit);
      for (const line of lines) {
        if ((times[line] as number) > 0) stored++;
        if ((times[line] as number) > 1) doubled++;
        if (isHit) continue;
        intact++;
        if (times[line] === 0) missing.push(line);
      }
    }
    assert.deepEqual(
      missing.slice(0, 5),
      [],
      `${missing.length} lines of intact rows are missing; ${lost} are counted`,
    );
    // If the ledger is damaged, nobody knows how many lines there were.
    if (this.whole.ledger.isDisjointFrom(hit))
      assert.ok(LINES - stored <= lost, `${LINES - stored} lines are missing, ${lost} are counted`);
    return { lines: LINES, stored, intact, doubled };
  }

  end(): void {
    this.place.remove();
  }
}

/** Moves the files by renaming, so that they keep their inodes. */
function move(from: string, to: string): void {
  for (const name of readdirSync(from)) renameSync(join(from, name), join(to, name));
}

/** The line numbers in each row. */
function linesOf(directory: string): Map<string, number[]> {
  const db = openSqlite(join(directory, "state.db"));
  const found = new Map<string, number[]>();
  const body = db.prepare("SELECT codec, checksum, length, data FROM bodies WHERE block = ?");
  const heads = db.prepare("SELECT queue, seq, block, at, length FROM heads").raw().all();
  for (const [queue, seq, block, at, length] of heads as [number, number, number, number, number][]) {
    const text = Buffer.from((unpack(body.get(block) as Body) as Uint8Array).subarray(at, at + length)).toString();
    found.set(
      `${queue} ${seq}`,
      [...text.matchAll(/^line (\d+) /gm)].map(([, n]) => Number(n)),
    );
  }
  db.close();
  return found;
}
