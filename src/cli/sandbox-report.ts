// What the sandbox prints: its address at the start, then every ten seconds what arrived, if there were any requests.
import type { Clock } from "../core/clock.ts";
import { count, duration, flow } from "../core/figures.ts";
import type { BulkServer } from "../sandbox/bulk-server.ts";
import { FAULTS_EXPLAINED, faultsText } from "../sandbox/faults.ts";

const EVERY_MS = 10_000;

export function sandboxBlock({ url, faults }: Pick<BulkServer, "url" | "faults">): string[] {
  return [
    "A small Elasticsearch-compatible endpoint: it counts documents and keeps none.",
    "",
    `  try     spillway run -c spillway.yml --set output.hosts=${url}`,
    `  switch  curl -X PUT ${url}/_sandbox/faults -d 'slow=200ms,429=30%'`,
    `  faults  ${faultsText(faults)}`,
    `  url     ${url}`,
    "",
    "Faults, several by commas, `none` for none:",
    ...Object.values(FAULTS_EXPLAINED).map(([form, does]) => `  ${form.padEnd(15)} ${does}`),
    "",
    "Ctrl-C ends it.",
  ];
}

export class SandboxReport {
  private readonly server: BulkServer;
  private readonly clock: Clock;
  private readonly startedAt: number;

  constructor(server: BulkServer, clock: Clock) {
    this.server = server;
    this.clock = clock;
    this.startedAt = clock.now();
  }

  /** Prints until `signal` aborts. */
  async lines(signal: AbortSignal, print: (line: string) => void): Promise<void> {
    let before = this.now();
    for (;;) {
      await this.clock.sleep(EVERY_MS, signal);
      if (signal.aborted) return;
      const now = this.now();
      if (now.requests === before.requests) continue;
      print(this.line(before, now));
      before = now;
    }
  }

  private now(): { documents: number; requests: number; failed: number; bytes: number } {
    return { documents: this.server.store.count(), ...this.server.counts };
  }

  private line(before: ReturnType<SandboxReport["now"]>, now: ReturnType<SandboxReport["now"]>): string {
    const at = new Date(this.clock.wall()).toISOString().slice(11, 19);
    const parts = [
      `${count(now.documents - before.documents)} more documents`,
      `requests ${count(now.requests - before.requests)}, failed ${count(now.failed - before.failed)}`,
      flow(now.bytes - before.bytes),
      `${count(now.documents)} documents in all`,
      `faults ${faultsText(this.server.faults)}`,
    ];
    return `${at}  ${parts.join("; ")}`;
  }

  summary(): string {
    const { documents, requests, failed, bytes } = this.now();
    const ran = duration(this.clock.now() - this.startedAt);
    return `ended after ${ran}: ${count(documents)} documents, requests ${count(requests)}, failed ${count(failed)}, ${flow(bytes)}`;
  }
}
