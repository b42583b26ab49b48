// A directory, a fake intake and file inputs over them.
import { chmodSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import type { Log } from "../../../src/core/log.ts";
import type { FileInputOptions } from "../../../src/core/options.ts";
import { FileInput } from "../../../src/inputs/file/file-input.ts";
import type { FileInputParts } from "../../../src/inputs/file/shared.ts";
import { Kernel } from "../../../src/kernel/kernel.ts";
import { FakeIntake } from "../../helpers/fake-intake.ts";
import { SmallDisk } from "../../helpers/small-disk.ts";

export function directory(t: TestContext, parent = tmpdir()): string {
  const path = mkdtempSync(join(parent, "spillway-file-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

let disk: string | undefined;

/**
 * A directory in a file system of this process alone, where no other test can take the inode of a removed file. The temporary
 * directory if nothing can be mounted here.
 */
export function ownDisk(): string {
  if (disk !== undefined) return disk;
  const path = mkdtempSync(join(tmpdir(), "spillway-disk-"));
  // Some tests work there as nobody.
  chmodSync(path, 0o755);
  const mounted = SmallDisk.mount("ext4", 256, join(path, "mounted"));
  process.on("exit", () => {
    mounted?.unmount();
    rmSync(path, { recursive: true, force: true });
  });
  disk = mounted?.path ?? tmpdir();
  return disk;
}

/** Milliseconds to try for: another process may have taken the inode, and gives it back. */
const REMAKE_MS = 3000;

/**
 * Removes a file that nothing has open, and makes another with the same inode. Some file systems never reuse an inode: then the
 * test counts as skipped, though it goes on.
 */
export function remake(t: TestContext, file: string, text: string, as = file): void {
  const { ino } = statSync(file);
  const spares: string[] = [];
  const until = systemClock.now() + REMAKE_MS;
  rmSync(file);
  writeFileSync(as, text);
  while (statSync(as).ino !== ino && systemClock.now() < until) {
    const spare = `${as}.spare-${spares.length}`;
    if (spares.length < 100) {
      renameSync(as, spare);
      spares.push(spare);
    } else rmSync(as);
    writeFileSync(as, text);
  }
  if (statSync(as).ino !== ino) t.skip("this file system does not use an inode again; TMPDIR names another directory");
  for (const spare of spares) rmSync(spare);
}

export function options(dir: string, changes: Partial<FileInputOptions> = {}): FileInputOptions {
  return {
    id: "app",
    type: "file",
    paths: [join(dir, "*.log")],
    exclude: [],
    start: "beginning",
    format: "text",
    encoding: "utf-8",
    multiline: undefined,
    partialTimeout: 0,
    timestamp: undefined,
    includeLines: [],
    excludeLines: [],
    redact: [],
    maxRecord: 1 << 20,
    oversize: "truncate",
    ignoreOlder: 0,
    held: 1 << 30,
    fields: {},
    index: undefined,
    policy: "default",
    ...changes,
  };
}

export class RecordingLog implements Log {
  readonly events: string[] = [];
  debug(event: string): void {
    this.events.push(event);
  }
  info(event: string): void {
    this.events.push(event);
  }
  warn(event: string): void {
    this.events.push(event);
  }
  error(event: string): void {
    this.events.push(event);
  }
}

export interface Bench {
  readonly dir: string;
  readonly intake: FakeIntake;
  readonly log: RecordingLog;
  /** Starts an input. It is stopped after the test if it was not stopped before. */
  run(changes?: Partial<FileInputOptions>, parts?: Partial<FileInputParts>): Promise<FileInput>;
}

/** @param parent the directory in which that of the bench is made */
export function bench(t: TestContext, parent?: string): Bench {
  const dir = directory(t, parent);
  const intake = new FakeIntake();
  const kernel = new Kernel(intake.arena);
  const log = new RecordingLog();
  return {
    dir,
    intake,
    log,
    async run(changes = {}, parts = {}) {
      const input = new FileInput(options(dir, changes), {
        intake,
        arena: intake.arena,
        kernel,
        clock: systemClock,
        log,
        host: "h",
        index: "logs",
        mode: "follow",
        ...parts,
      });
      t.after(() => input.stop());
      await input.start();
      return input;
    },
  };
}
