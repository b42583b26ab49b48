// `spillway losses backfill`: reads records that a policy shed again, from the files that still have them, and sends them
// under their original ids. It runs as a separate process beside the agent. The two share only the state directory, in which
// the backfill marks its progress.
import { BackfillBooks } from "../../buffer/backfill/books.ts";
import { type LostSource, readLostSources } from "../../buffer/backfill/lost-sources.ts";
import type { LossFacts } from "../../buffer/inspect/losses.ts";
import { handOver } from "../../buffer/directory/private.ts";
import { openForChanges, takeDirectory } from "../../buffer/spool/database.ts";
import type { Database } from "../../buffer/spool/sqlite.ts";
import { join } from "node:path";
import type { ExitCode } from "../../core/errors.ts";
import { EXIT, SpillwayError, hasCode } from "../../core/errors.ts";
import { silentLog } from "../../core/log.ts";
import type { Config } from "../../core/options.ts";
import type { Call } from "../program/command.ts";
import { configOf } from "../program/command.ts";
import { Resender } from "../letters/resend.ts";
import { stateDirectory } from "../state/state-directory.ts";
import { Filling, type Sums } from "./filling.ts";
import { LiveFirst } from "./live-first.ts";
import { Locator } from "./locate.ts";
import { type Left, backfillDocument, backfillLines } from "./report.ts";

export async function backfill(call: Call): Promise<ExitCode> {
  const { terminal, options } = call;
  const { config } = await configOf(call);
  if (config.output.ids === "auto") throw hasNoIds();
  const { directory } = await stateDirectory(call);
  const db = openForChanges(directory);
  const run = new Run(config);
  if (db) {
    const lock = lockOut(directory);
    const live = new LiveFirst({
      ...{ listen: config.admin.listen, directory, db, patienceMs: options["deadline"] as number },
      say: (why) => terminal.err(`waiting: live data goes first: ${why}`),
    });
    const resender = new Resender(config, options["deadline"] as number, () => live.turn());
    try {
      await run.all(db, resender, options["input"] as string | undefined);
    } finally {
      await resender.close();
      lock.close();
      db.close();
    }
  }
  const report = { directory, ...run };
  if (terminal.json) terminal.out(JSON.stringify(backfillDocument(report), null, 2));
  else for (const line of backfillLines(report)) terminal.out(line);
  return run.sums.refused.records > 0 ? EXIT.temporary : EXIT.ok;
}

class Run {
  readonly sums: Sums = { stored: none(), exists: none(), refused: none(), first: undefined };
  readonly left: Left[] = [];
  ranges = 0;
  private readonly config: Config;

  constructor(config: Config) {
    this.config = config;
  }

  async all(db: Database, resender: Resender, input: string | undefined): Promise<void> {
    const books = new BackfillBooks(db);
    const locator = new Locator();
    for (const source of readLostSources(db, input)) {
      const own = await this.one(source, { books, locator, resender });
      this.ranges += source.ranges.length - own.ranges.length;
      if (own.ranges.length > 0) this.left.push(own);
    }
  }

  private async one(source: LostSource, tools: Tools): Promise<Left> {
    const { config, sums } = this;
    const { books, locator, resender } = tools;
    const { known, paths } = source;
    const input = config.inputs.find(({ id }) => id === source.input);
    const left = (why: string, ranges: readonly LossFacts[] = source.ranges): Left => ({ source, ranges, why });
    if (input === undefined) return left(`there is no input ${source.input} in the configuration`);
    if (known === undefined) return left("nothing is known any more by which its file could be recognised");
    const file = await locator.locate(known, paths);
    if (file === undefined) return left("no file has its content any more");
    let said: string | undefined;
    const hear = (_event: string, message: string): void => void (said = message);
    const log = { ...silentLog, warn: hear, error: hear };
    const rest = await new Filling({ source, file, input, config, resender, books, sums, log }).run();
    return left(said ?? `${file.path} does not have it to the end`, rest);
  }
}

interface Tools {
  readonly books: BackfillBooks;
  readonly locator: Locator;
  readonly resender: Resender;
}

function none(): { records: number; bytes: number } {
  return { records: 0, bytes: 0 };
}

/** Takes a lock, because two backfills at once would send everything twice. */
function lockOut(directory: string): Database {
  const folder = join(directory, "backfill");
  try {
    const lock = takeDirectory(folder);
    handOver(directory, folder);
    return lock;
  } catch (error) {
    if (!hasCode(error, "state-locked")) throw error;
    throw new SpillwayError("backfill-runs", `another \`losses backfill\` works on ${directory}`, {
      hint: "wait for its end",
      exit: EXIT.temporary,
      cause: error,
    });
  }
}

function hasNoIds(): SpillwayError {
  return new SpillwayError(
    "backfill-ids",
    "`output.ids` is `auto`: what is stored cannot be told from what is missing",
    {
      hint: "a backfill needs `ids: offset`, with which it was lost",
      exit: EXIT.config,
    },
  );
}
