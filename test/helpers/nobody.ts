// Runs test code without permissions. Tests that run as root become the user nobody meanwhile; for others, a file mode is enough.
import { chmodSync, chownSync } from "node:fs";

const NOBODY = 65534;

/** Runs as a user who is subject to file modes and owns these directories. */
export async function asNobody(owned: readonly string[], run: () => Promise<void>): Promise<void> {
  const root = process.geteuid?.() === 0;
  if (root) {
    for (const path of owned) chownSync(path, NOBODY, NOBODY);
    process.seteuid?.(NOBODY);
  }
  try {
    await run();
  } finally {
    if (root) process.seteuid?.(0);
  }
}

/** Removes these permission bits from a directory while `run` runs. */
export async function without(mode: number, path: string, run: () => Promise<void>): Promise<void> {
  chmodSync(path, 0o700 & ~mode);
  try {
    await run();
  } finally {
    chmodSync(path, 0o700);
  }
}
