// The real agent and the real logrotate with a program that writes without pause. No line may be stored twice, whatever is
// compressed or copied. With renames no line may be missing. copytruncate itself loses lines written between the copy and the
// truncation; no others may be missing.
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { Workplace } from "../helpers/agent-process.ts";
import { Numbered } from "../helpers/numbered.ts";

const missing = spawnSync("logrotate", ["--version"]).error !== undefined;
const skip = missing ? "no logrotate here: apt-get install logrotate" : false;
const run = promisify(execFile);

const ROUNDS = 6;
const WAYS = ["create", "create compress", "create compress delaycompress", "copytruncate", "copytruncate compress"];

/** Number of lines that were stored once, and that were stored more than once. */
function stored(server: BulkServer): { once: number; doubled: number } {
  const counts = new Map<unknown, number>();
  for (const { source } of server.documents()) counts.set(source["message"], (counts.get(source["message"]) ?? 0) + 1);
  const doubled = [...counts.values()].filter((count) => count > 1).length;
  return { once: counts.size - doubled, doubled };
}

describe("copies under a writer that never rests", { skip, concurrency: 2 }, () => {
  for (const way of WAYS)
    test(way, async (t) => {
      const place = new Workplace();
      const server = await startSandbox({ keep: "documents" }, systemClock);
      t.after(async () => {
        await server.stop();
        place.remove();
      });
      place.configure(server.url);
      const rules = join(place.root, "rules");
      writeFileSync(rules, [`${place.logs}/*.log {`, "rotate 50", ...way.split(" "), "}\n"].join("\n"), {
        mode: 0o644,
      });
      const lines = new Numbered();
      const writing = new AbortController();
      const write = async (): Promise<void> => {
        while (!writing.signal.aborted) {
          lines.append(join(place.logs, "a.log"), 2, 100 + (lines.written % 50));
          await systemClock.sleep(1);
        }
      };
      const agent = place.run();
      await agent.url();
      const written = write();
      for (let round = 1; round <= ROUNDS; round++) {
        await agent.until("some lines", () => lines.written > round * 300);
        await run("logrotate", ["--force", "-s", join(place.root, "state.logrotate"), rules]);
      }
      writing.abort();
      await written;
      const quiet = ({ inputs, ledger }: Awaited<ReturnType<typeof agent.until>>): boolean =>
        inputs["app"]?.lag_bytes === 0 && ledger.buffered.records === 0;
      await agent.until("all that is there", quiet);
      // Copies that are still undecided are read, if at all, after 5 s without growth.
      await systemClock.sleep(6000);
      await agent.until("all that is there", quiet);
      assert.deepEqual(await agent.stop(), { code: 0, signal: null });
      place.books();
      const { once, doubled } = stored(server);
      assert.equal(doubled, 0);
      if (!way.includes("copytruncate")) assert.equal(once, lines.written);
      else assert.ok(lines.written - once < ROUNDS * 20, `${lines.written - once} lines are missing`);
    });
});
