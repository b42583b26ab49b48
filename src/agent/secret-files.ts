// Files whose content is part of the configuration: certificates, and the targets of ${file:...} and ${credential:...}. Nobody
// announces a renewed file, so the files are polled, and a change triggers a reload. Invariant: a change is noticed once, also
// if a symbolic link now points elsewhere, as Kubernetes does it.
import { statSync } from "node:fs";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";

const LOOK_MS = 10_000;

export interface SecretFilesParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly changed: () => void;
  /** Only tests set this. */
  readonly lookMs?: number;
}

export class SecretFiles {
  private readonly parts: SecretFilesParts;
  private seen = new Map<string, string>();
  private closed = false;

  constructor(parts: SecretFilesParts) {
    this.parts = parts;
    this.later();
  }

  /** Replaces the list of files. Known files keep their last seen state, new ones start with their current state. */
  follow(files: readonly string[]): void {
    this.seen = new Map(files.map((file) => [file, this.seen.get(file) ?? stateOf(file)]));
  }

  /** Call before reading the files. A change from then on is noticed, even one during the reading. */
  see(): void {
    for (const file of this.seen.keys()) this.seen.set(file, stateOf(file));
  }

  close(): void {
    this.closed = true;
  }

  private later(): void {
    this.parts.clock.after(this.parts.lookMs ?? LOOK_MS, () => {
      if (this.closed) return;
      this.look();
      this.later();
    });
  }

  private look(): void {
    const changed = [...this.seen].filter(([file, state]) => stateOf(file) !== state).map(([file]) => file);
    if (changed.length === 0) return;
    this.see();
    this.parts.log.info("secret_files_changed", `${changed.join(", ")} changed; the configuration is read again`, {
      files: changed,
    });
    this.parts.changed();
  }
}

/** A text that changes with the file's inode, size or modification time. */
function stateOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? "gone" : `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeMs}`;
}
