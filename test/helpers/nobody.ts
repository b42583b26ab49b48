// What somebody without rights finds. Tests that run as root become nobody for a while; to others a mode is enough.
import { chmodSync, chownSync } from "node:fs";

const NOBODY = 65534;

/** As somebody to whom modes apply, and who owns these directories. */
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

/** Takes these rights of a directory away while it runs. */
export async function without(mode: number, path: string, run: () => Promise<void>): Promise<void> {
  chmodSync(path, 0o700 & ~mode);
  try {
    await run();
  } finally {
    chmodSync(path, 0o700);
  }
}
