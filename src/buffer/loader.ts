// Carries rows back into memory as far as there is room: a few loads under way at once, so that the worker never waits.
import { describe } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { beginPageIn, endPageIn } from "./paging.ts";
import type { Spool } from "./spool.ts";
import type { BufferState } from "./state.ts";

const AT_ONCE = 4;

export class Loader {
  private readonly state: BufferState;
  private readonly spool: Spool;
  private readonly log: Log;

  constructor(state: BufferState, spool: Spool, log: Log) {
    this.state = state;
    this.spool = spool;
    this.log = log;
  }

  /** @param ended called when a load has ended, in either way */
  fill(ended: (outcome: "loaded" | "corrupt" | "failed") => void): void {
    while (this.state.loading < AT_ONCE) {
      const page = beginPageIn(this.state);
      if (!page) return;
      void this.spool
        .load(page.chunk.seq, page.region, page.table)
        .catch((error: unknown) => {
          this.log.error("row_unreadable", `could not read a buffered chunk: ${describe(error)}; trying again`);
          return "failed" as const;
        })
        .then((outcome) => {
          endPageIn(this.state, page, outcome);
          ended(outcome);
        });
    }
  }
}
