// Makes one page at a time, each in its own turn of the event loop, and then pauses three times as long as the page took. So
// clients, however many and however fast, get at most a quarter of the event loop, and shipping logs gets the rest. An
// occasional client does not wait.
import type { Clock } from "../../core/clock.ts";

const REST = 3;

export class Turns {
  private readonly clock: Clock;
  private readonly waiting = new Set<() => void>();
  private state: "free" | "busy" = "free";

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Runs `job` when its turn comes, or at once if the queue is empty. Call the result to cancel. */
  take(job: () => void): () => void {
    const own = (): void => job();
    this.waiting.add(own);
    if (this.state === "free") this.next();
    return () => void this.waiting.delete(own);
  }

  private next(): void {
    const [job] = this.waiting;
    if (job === undefined) {
      this.state = "free";
      return;
    }
    this.waiting.delete(job);
    this.state = "busy";
    const from = this.clock.now();
    job();
    this.clock.after(REST * (this.clock.now() - from), () => this.next());
  }
}
