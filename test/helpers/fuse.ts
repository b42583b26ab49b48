// A network mount whose server can hang: a FUSE file system served by fuse-server.ts.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

export interface NetworkMount {
  /** The directory in which files are written. */
  readonly backing: string;
  /** The mount point, where those files are seen. */
  readonly point: string;
  /** From now on calls on the mount block. */
  hang(): Promise<void>;
  answer(): Promise<void>;
}

/** Mounts in a temporary directory of its own, so that nothing else touches a hanging mount. Undefined: cannot mount here. */
export async function mountNetwork(t: TestContext): Promise<NetworkMount | undefined> {
  const dir = mkdtempSync(join(tmpdir(), "spillway-network-"));
  const [backing, point] = [join(dir, "server"), join(dir, "mount")];
  for (const place of [backing, point]) mkdirSync(place, { recursive: true });
  const server = spawn(process.execPath, [new URL("fuse-server.ts", import.meta.url).pathname, backing, point], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const release = (): void => {
    server.kill("SIGKILL");
    spawnSync("umount", ["--lazy", point]);
    rmSync(dir, { recursive: true, force: true });
  };
  process.once("exit", release);
  t.after(() => {
    release();
    process.off("exit", release);
  });
  const mounted = await Promise.race([once(server.stdout, "data"), once(server, "exit").then(() => undefined)]);
  if (mounted === undefined) return undefined;
  const change = async (): Promise<void> => {
    const said = once(server.stdout, "data");
    server.kill("SIGUSR2");
    await said;
  };
  return { backing, point, hang: change, answer: change };
}
