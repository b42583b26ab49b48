// Mutation testing of the engine: each mutant turns off one rule by one change to the real code, and the simulation must notice.
// A rule whose mutant is not noticed is not tested. Those named "review" are faults that a review found in the first version.
// Some rules are never reached by a random schedule, or another rule covers for them. Such a mutant names the test that must
// fail instead.
import { join } from "node:path";
import { huntInChild } from "../helpers/hunters.ts";
import { type Mutant, fails, inMutatedTree } from "../helpers/mutant.ts";
import type { Kind } from "./hunt.ts";

export interface EngineMutant extends Mutant {
  /** Where the hunt keeps its state database. Default: in memory. */
  readonly by?: Kind;
  /** Instead of a hunt: a file below test/ and the name of one of its tests. */
  readonly test?: readonly [file: string, name: string];
}

const WRITER = "buffer/commit/writer.ts";
const CHOICE = "buffer/commit/choose-rows.ts";
const HEADS = "buffer/loading/head-reader.ts";
const LEASE = "buffer/lease.ts";
const PAGER = "buffer/loading/pager.ts";
const SETTLE = "buffer/settle.ts";
const SHEDDER = "buffer/budget/shedder.ts";
const ROOM = "buffer/budget/room.ts";
const DELIVERY = "pipeline/delivery.ts";
const NEWEST = "buffer/newest.test.ts";
const SCENARIOS = "simulation/scenarios.test.ts";

export const MUTANTS: readonly EngineMutant[] = [
  // The transaction
  {
    name: "the checkpoint is the read position",
    file: WRITER,
    from: "const checkpoint = hold?.start ?? source.position;",
    to: "const checkpoint = source.position;",
  },
  {
    name: "the checkpoint passes a chunk that is open",
    file: WRITER,
    from: "for (; hold && (rows.has(hold) || !hold.isOpen); hold = hold.next) {",
    to: "for (; hold && (rows.has(hold) || !hold.isOpen || hold.next); hold = hold.next) {",
  },
  {
    name: "a commit that fails keeps what it took out of the books",
    file: WRITER,
    from: "  state.passed.add(since);",
    to: "",
  },
  {
    name: "a commit that fails gives nothing back to the books",
    file: WRITER,
    from: "  state.passed = passed;\n",
    to: "",
  },
  {
    name: "a commit that fails leaves its chunks as being written",
    file: WRITER,
    from: `    chunk.row = "no";\n    if (!chunk.isOpen) {`,
    to: "    if (!chunk.isOpen) {",
  },
  {
    name: "a commit that fails forgets which sources have changed",
    file: WRITER,
    from: "    if (identity) source.identityChanged = true;\n    state.changed.add(source);",
    to: "    if (identity) source.identityChanged = true;",
  },
  {
    name: "a row brings the fates that its records have by now",
    file: WRITER,
    from: "for (const chunk of added) books.enter(chunk, atMs);",
    to: "for (const chunk of added) {\n    books.enter(chunk, atMs);\n    books.settle(chunk, atMs);\n  }",
  },
  {
    name: "a new source id is committed without a sync",
    file: WRITER,
    from: "      sources.some(({ source }) => !source.durable) ||\n",
    to: "",
  },
  {
    name: "rows of a chunk that cannot be read again are committed without a sync",
    file: WRITER,
    from: "      added.some((c) => !c.replayable) ||\n",
    to: "",
    test: [SCENARIOS, "of a file that is gone, what was answered for outlives a power cut"],
  },
  {
    name: "a known source that goes on keeps its old checkpoint in the database",
    file: WRITER,
    from: "const moved = changes.filter((c) => !c.identity && c.checkpoint !== c.source.checkpoint);",
    to: "const moved = changes.filter((c) => c.source.num < 0);",
  },
  {
    name: "old rows of a file that is gone are not synced",
    file: "buffer/sources/sources.ts",
    from: "  source.needsSync = true;\n",
    to: "",
    test: [
      "buffer/commit/writer.test.ts",
      "durable through a power cut is what new ids, what cannot be read again and what was noticed gone stand in",
    ],
  },
  {
    name: "the youngest chunks become rows first",
    file: CHOICE,
    from: "return fit(state, first.concat(rest.filter((c) => !pressing.has(c.source))));",
    to: "return fit(state, rest.toReversed());",
  },
  {
    name: "a source goes on becoming rows after one of its chunks found no room",
    file: CHOICE,
    from: "      stopped.add(c.source);\n",
    to: "",
  },
  {
    name: "a chunk that is settled while it is written loses its regions",
    file: SETTLE,
    from: `if (chunk.row !== "writing" && !chunk.loading) unload(state, chunk);`,
    to: "if (!chunk.loading) unload(state, chunk);",
  },
  {
    name: "a chunk that is shed while it is loaded loses its regions",
    file: SETTLE,
    from: `if (chunk.row !== "writing" && !chunk.loading) unload(state, chunk);`,
    to: `if (chunk.row !== "writing") unload(state, chunk);`,
  },
  {
    name: "a commit whose answer got lost is carried out again",
    file: "buffer/spool/store.ts",
    from: "    return Number(this.meta(META.write) ?? 0);",
    to: "    return 0;",
  },
  // Order, and what may be sent
  {
    name: "a new source is sent before its id is durable",
    file: LEASE,
    from: "return source.durable && (",
    to: "return (",
  },
  {
    name: "what time has ended is sent before it is a row",
    file: LEASE,
    from: `(!rowFirst || row === "yes" || state.limits.rows === 0)`,
    to: "true",
  },
  {
    name: "a disk that fails holds up new sources",
    file: LEASE,
    from: `if (state.disk !== "working") return true;`,
    to: "",
    test: [SCENARIOS, "a disk that fails for an hour: records of new files are delivered"],
  },
  {
    name: "rows that cannot be read hold up what is in memory",
    file: "buffer/queue.ts",
    from: `return reading === "failing" ? Infinity : barrier(queue);`,
    to: "return reading ? barrier(queue) : Infinity;",
    test: [SCENARIOS, "rows that cannot be read do not hold up what is read now"],
  },
  {
    name: "bodies have no quota",
    file: LEASE,
    from: `|| state.bodies + limit.body > state.quotas.bodies) return undefined;`,
    to: ") return undefined;",
    test: ["buffer/lease.test.ts", "leases end where the quotas of bodies and of leased chunks do"],
  },
  {
    name: "all chunks may be leased",
    file: LEASE,
    from: "(over && state.leased > 0)",
    to: "false",
  },
  {
    name: "what was settled meanwhile stays in its lease",
    file: SETTLE,
    from: "if (chunk.lease) leaveLease(state, chunk);",
    to: "",
  },
  {
    name: "what is shed in a request is forgotten when it ends",
    file: LEASE,
    from: "if (chunk.marked !== undefined) dropOpen(state, chunk, chunk.marked);",
    to: "if (chunk.marked !== undefined) chunk.marked = undefined;",
    test: ["buffer/lease.test.ts", "what was marked in a request is dropped when that ends, unless it was stored"],
  },
  // The window
  {
    name: "the cursor stays when a row behind it leaves memory",
    file: "buffer/loading/page-out.ts",
    from: "  queue.cursor = Math.min(queue.cursor, seq - 1);",
    to: "",
  },
  {
    name: "the cursor goes on over rows that left memory while heads were read",
    file: HEADS,
    from: "if (inOrder) queue.cursor",
    to: "queue.cursor",
  },
  {
    name: "a chunk with a history leaves memory without a trace",
    file: "buffer/loading/page-out.ts",
    from: "  if (chunk.hasHistory) return queue.unloaded.add(chunk);\n",
    to: "",
  },
  {
    name: "heads that are in memory are loaded again",
    file: HEADS,
    from: "      if (queue.window.get(column(HEAD.seq))) continue;\n",
    to: "",
  },
  {
    name: "loaded rows may take the stage",
    file: PAGER,
    from: "(loaded > 0 && loaded + size > mostLoaded(state)) || ",
    to: "",
    test: ["buffer/loading/pager.test.ts", "loaded rows leave the stage to the readers, but one row is always loaded"],
  },
  {
    name: "what waits behind the barrier counts as read ahead",
    file: "buffer/queue.ts",
    from: "if (chunk.seq >= end || sum.chunks >= most) break;",
    to: "if (sum.chunks >= most) break;",
    test: [SCENARIOS, "a backlog of small blocks drains in full batches while new records go on coming"],
  },
  {
    name: "younger chunks do not make room for the one that they wait for",
    file: PAGER,
    from: "else if (first?.loading === false) return makeRoom(this.state, queue);",
    to: "",
    test: ["buffer/loading/pager.test.ts", "a younger row makes room for the one that it waits for"],
  },
  {
    name: "a block counts as free with its first row",
    file: SETTLE,
    from: "if (--block.open === 0) chargeBlock(state, block, -1);",
    to: "block.open--;\n  if (block.open + 1 === block.objects) chargeBlock(state, block, -1);",
  },
  {
    name: "intake leaves no room to load the head of the backlog",
    file: ROOM,
    from: "if (taken + size <= pool - page) return undefined;",
    to: "if (taken + size <= pool) return undefined;",
    test: [
      "buffer/budget/room.test.ts",
      "without a disk the head of the backlog has its place, and what is full is full",
    ],
  },
  {
    name: "loaded rows keep the readers' room where memory is all there is",
    file: "buffer/loading/page-out.ts",
    from: "return state.writes ? pool - stage : ",
    to: "return state ? pool - stage : ",
    test: [SCENARIOS, "a disk that hangs while it drops: the drop rung goes on in memory"],
  },
  {
    name: "what the disk was asked to drop counts as freed while it does not answer",
    file: SHEDDER,
    from: "(this.state.writes ? share.promised : 0)",
    to: "share.promised",
    test: [
      "buffer/budget/shedder.test.ts",
      "what a disk was asked to drop that does not answer any more does not count as freed",
    ],
  },
  {
    name: "stuck targets may take the whole window",
    file: HEADS,
    from: "Math.max(own, quotas.window",
    to: "Math.max(own - own, quotas.window",
    test: [SCENARIOS, "indices that answer nothing keep no other waiting, however many they are, and are said by name"],
  },
  {
    name: "requests that are not answered take the slots while others are",
    file: "pipeline/slots.ts",
    from: "const most = this.answers(now) ? late : MOST_LATE;",
    to: "const most = MOST_LATE;",
    test: [SCENARIOS, "indices that answer nothing keep no other waiting, however many they are, and are said by name"],
  },
  {
    name: "chunks without a row have no limit",
    file: ROOM,
    from: `if (state.fresh.size >= fresh) return "memory";`,
    to: "",
  },
  // New chunks before old ones
  {
    name: "old chunks never have their turn while there are new ones",
    file: "pipeline/lane.ts",
    from: `this.newInRow < NEW_IN_ROW ? "new" : "old"`,
    to: `this.newInRow < Infinity ? "new" : "old"`,
  },
  {
    name: "a document that is sent alone loses its turn to the other side",
    file: "pipeline/lane.ts",
    from: "return this.onlySide ?? (",
    to: "return (",
    test: [
      "pipeline/lane.test.ts",
      "a document that is sent alone or in smaller bodies keeps its turn until something is settled",
    ],
  },
  {
    name: "a document that is sent in smaller bodies loses its turn when a request ends",
    file: "pipeline/lane.ts",
    from: "if (this.wide) this.onlySide = undefined;",
    to: "this.onlySide = undefined;",
    test: [
      "pipeline/lanes.test.ts",
      "a document that is isolated by smaller bodies keeps its side's turn when the request ends",
    ],
  },
  {
    name: "a side of which nothing may be sent yet holds up the other",
    file: LEASE,
    from: "const from = hasAny(state, target, side) ? side : other;",
    to: "const from = hasAny(state, target, side) ? side : state.nextSeq > 0 ? side : other;",
    test: [NEWEST, "a chunk is new for a time after it was read, however many come"],
  },
  {
    name: "new chunks stay in the stage however full it is",
    file: "buffer/budget/modes.ts",
    from: "(!isNew(state, chunk) || stageFills(state))",
    to: "!isNew(state, chunk)",
    test: [
      NEWEST,
      "a new chunk becomes a row only if it cannot be read again, or the stage fills, or it is new no more",
    ],
  },
  {
    name: "rows of new chunks may take all the room of older rows",
    file: "buffer/loading/page-out.ts",
    from: "<= mostLoaded(state) / 2;",
    to: "<= mostLoaded(state);",
    test: [NEWEST, "the row of a new chunk stays in memory while there is room, and leaves it when it is new no more"],
  },
  {
    name: "rows stay in memory when they are new no more",
    file: "buffer/newest.ts",
    from: "    pageOutAged(state);\n",
    to: "",
    test: [NEWEST, "the row of a new chunk stays in memory while there is room, and leaves it when it is new no more"],
  },
  {
    name: "a stuck target is tried with new chunks",
    file: "buffer/queue.ts",
    from: "return target.stuck ? Infinity : state.newFrom;",
    to: "return target ? state.newFrom : Infinity;",
    test: [NEWEST, "a stuck target has no new chunks: it is tried with its oldest one"],
  },
  {
    name: "a backlog in memory keeps readers from the records of now",
    file: ROOM,
    from: "if ((queue && hasReadAhead(state, queue.target)) ||",
    to: "if ((queue && (hasReadAhead(state, queue.target) || isAhead(state, queue.target))) ||",
    test: [
      SCENARIOS,
      "newest first: after an outage a new record is stored within 2 s, beside the backlog, in memory alone, while its ladder drops",
    ],
  },
  // Modes
  {
    name: "a queue stops spilling whether its target takes or not",
    file: "buffer/budget/modes.ts",
    from: "return onDisk(queue) === 0 && queue.unloaded.size === 0 && takes(state, queue.target);",
    to: "return onDisk(queue) === 0 && queue.unloaded.size === 0;",
    test: [
      "buffer/budget/modes.test.ts",
      "it stops when all its rows are in memory and its target takes, open rows or not",
    ],
  },
  {
    name: "a disk that does not answer is waited for",
    file: "buffer/commit/commit-loop.ts",
    from: `setDisk(state, "late");`,
    to: "",
  },
  // Shedding
  {
    name: "a loss never says that it is uncertain",
    file: "buffer/ledger/losses.ts",
    from: "const uncertain = possiblyStored && fate",
    to: "const uncertain = !start && !end && possiblyStored && fate",
  },
  {
    name: "review: a range that is shed at admission after a kill is certain",
    file: "buffer/admit.ts",
    from: "possiblyStored: source.rereadLimit === undefined || start < source.rereadLimit,",
    to: "possiblyStored: false,",
  },
  {
    name: "rows of an earlier process count as never sent",
    file: HEADS,
    from: "|| column(HEAD.seq) < state.firstSeq,",
    to: ",",
  },
  {
    name: "rows of an earlier process are dropped on disk as never sent",
    file: "buffer/spool/rows/shed.ts",
    from: "head[HEAD.possiblyStored] === 1 || seq < certainFrom",
    to: "head[HEAD.possiblyStored] === 1",
  },
  {
    name: "what is in memory is dropped on disk too",
    file: SHEDDER,
    from: "const except = [...inMemoryBehindCursor(this.state, queue)];",
    to: "const except: number[] = [];",
  },
  {
    name: "what is just being written is dropped on disk",
    file: SHEDDER,
    from: `if (chunk.queue === queue && chunk.row === "writing") yield chunk.seq;`,
    to: "if (chunk.seq < 0) yield chunk.seq;",
    test: ["buffer/budget/shedder.test.ts", "what is just being written is left to the transaction"],
  },
  {
    name: "a chunk is dropped over the verdicts of its records",
    file: SETTLE,
    from: "const { open, openBytes } = chunk;",
    to: "const { records: open, bytes: openBytes } = chunk;",
  },
  {
    name: "review: what a request carries is dropped at once",
    file: SHEDDER,
    from: "chunk.marked ??= fate;",
    to: "dropOpen(this.state, chunk, fate);",
    test: [
      "buffer/budget/shedder.test.ts",
      "in a request, what is shed is only marked, and counts once however often it is asked for",
    ],
  },
  // Faults of the first version, as a review found them
  {
    name: "review: a limit that shrinks sheds",
    file: "pipeline/ladders.ts",
    from: "const limited = state.limited ? !fits : shrunk && !fits;",
    to: "const limited = false && shrunk && fits;",
    test: [
      SCENARIOS,
      "less disk than is buffered: nothing is shed until the backlog has fitted once, over a further restart too",
    ],
  },
  {
    name: "review: a drain runs the ladders",
    file: "agent/engine.ts",
    from: `if (mode !== "drain") {`,
    to: "{",
  },
  {
    name: "review: two large documents wait for each other",
    file: "pipeline/lanes.ts",
    from: "return !lane.wide || this.outbox.bodies.used === 0;",
    to: "return !lane.wide;",
  },
  {
    name: "review: a large document waits while others take the bodies",
    file: "pipeline/lanes.ts",
    from: "    if (this.wide && this.wide !== lane) return false;\n",
    to: "",
    test: [
      "pipeline/lanes.test.ts",
      "a large document for which there was no room comes to its turn though others send all the time",
    ],
  },
  {
    name: "a stuck target loses its turn when nothing of it may be sent yet",
    file: "pipeline/lanes.ts",
    from: "lane.pausedUntil = this.clock.now() + UNREADY_MS;",
    to: "lane.retryAt = Math.max(lane.retryAt, this.clock.now() + UNREADY_MS);",
    test: ["pipeline/lanes.test.ts", "a stuck target keeps its turn while nothing of it may be sent yet"],
  },
  {
    name: "review: a fault of the cluster is blamed on documents",
    file: "pipeline/unclear-refusals.ts",
    from: "state.counts = this.storedAt >= state.lastAt;",
    to: "state.counts = true;",
  },
  {
    name: "review: a circuit that is half-open has no request",
    file: DELIVERY,
    from: "const size = lane.wide ?",
    to: "this.breaker.pass(this.parts.clock.now());\n    const size = lane.wide ?",
  },
  {
    name: "review: a record larger than the memory holds up its queue",
    file: HEADS,
    from: "if (this.fits(chunk)) queue.unloaded.add(chunk);\n      else this.setAside(chunk);",
    to: "queue.unloaded.add(chunk);",
    test: [
      SCENARIOS,
      "less memory than a stored record needs: it stays in the buffer, said, and everything else flows",
    ],
  },
  {
    name: "review: rows on disk with `disk: 0` stop the agent",
    file: "buffer/restore.ts",
    from: 'for (const queue of state.spilled) setMode(state, queue, "spill");',
    to: 'for (const queue of state.spilled) setMode(state, queue, state.limits.rows > 0 ? "spill" : ("none" as never));',
    test: [
      SCENARIOS,
      "`disk: 0` with rows on disk: they are delivered first, nothing is shed, and intake says that it waits",
    ],
  },
  {
    name: "review: a share is no limit",
    file: ROOM,
    from: `if (isFull(state, share)) return "share";`,
    to: "",
    test: [SCENARIOS, "a share is a limit: a ladder that only samples leaves the other its part"],
  },
  {
    name: "review: the gate opens and passes nothing",
    file: "pipeline/ladders.ts",
    from: "return admissible(this.acting(policy), atRiskBytes) > grantedBytes;",
    to: "return admissible(this.acting(policy), atRiskBytes) > 1e9 + grantedBytes;",
    test: [SCENARIOS, "bytes at risk are judged per ladder and read from the inputs that hold them"],
  },
  {
    name: "review: waits that have timed out are kept",
    file: "core/wakeup.ts",
    from: "        this.waiters.delete(done);\n",
    to: "",
  },
  {
    name: "review: settled chunks stay while the disk fails",
    file: SETTLE,
    from: '  if (chunk.row === "no") passSettled(state, chunk.source);',
    to: "",
  },
  {
    name: "review: the output is never closed",
    file: DELIVERY,
    from: "    await this.parts.output.close();\n",
    to: "",
  },
  {
    name: "review: damaged blocks are tried for ever",
    file: PAGER,
    from: "else dropOpen(state, chunk, DROPPED_CORRUPT);",
    to: "else chunk.queue.unloaded.add(chunk);",
  },
  {
    name: "review: a thread that is gone leaves its calls unanswered",
    file: "buffer/commit/commit-loop.ts",
    from: "    this.writing = undefined;\n    this.lastCommit",
    to: "    this.lastCommit",
  },
  {
    name: "review: the wall clock tells how old a chunk is",
    file: "buffer/age-clock.ts",
    from: "return Math.round(this.base + this.clock.now() - this.startedMs);",
    to: "return this.clock.wall();",
    test: [SCENARIOS, "a clock that jumps expires nothing, and what is too old goes all the same"],
  },
  {
    name: "review: one stuck target is everybody's trouble",
    file: "pipeline/lanes.ts",
    from: "      isBehind ||= one.target === this.last;\n",
    to: "      break;\n",
    test: ["pipeline/lanes.test.ts", "targets take turns"],
  },
  {
    name: "rows are removed in a transaction of their own",
    file: "buffer/spool/store.ts",
    from: "      backlog.remove(tx.removed);\n",
    to: '      backlog.remove(tx.removed);\n      this.db.exec("COMMIT; BEGIN");\n',
  },
  {
    name: "a failed transaction is committed as far as it came",
    file: "buffer/spool/sqlite.ts",
    from: `if (db.inTransaction) db.exec("ROLLBACK");`,
    to: `if (db.inTransaction) db.exec("COMMIT");`,
  },
  {
    name: "a row's record table is not loaded",
    file: "buffer/spool/rows/blocks.ts",
    from: "if (bytes > 0) arena.set(plain.subarray(at, at + bytes), head[ptr] as number);",
    to: "if (bytes > 0 && ptr === HEAD.data) arena.set(plain.subarray(at, at + bytes), head[ptr] as number);",
  },
];

/** Number of seeds to try. Most mutants are found within twenty. */
const SEEDS: Readonly<Record<Kind, number>> = { memory: 2000, files: 200 };

/** What noticed the mutant, in a copy of the tree: a test or a seed. Undefined: nothing did. */
export async function noticed(mutant: EngineMutant): Promise<string | undefined> {
  const { by = "memory", test } = mutant;
  return inMutatedTree(mutant, async (directory) => {
    const here = join(directory, "test");
    if (test !== undefined) return (await fails(join(here, test[0]), test[1])) ? `"${test[1]}"` : undefined;
    const { found } = await huntInChild(join(here, "simulation/hunt.ts"), by, SEEDS[by], 1);
    return found && `seed ${found.seed}`;
  });
}
