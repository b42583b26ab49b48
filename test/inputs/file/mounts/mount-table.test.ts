import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { isOnNetwork, networkMountOf, networkMountsIn } from "../../../../src/inputs/file/mounts/mount-table.ts";
import { mountNetwork } from "../../../helpers/fuse.ts";

function line(point: string, type: string, device = "0:50"): string {
  return `36 35 ${device} / ${point} rw,noatime master:1 - ${type} server:/logs rw`;
}

function points(...lines: readonly string[]): readonly string[] {
  return [...networkMountsIn(lines.join("\n")).keys()];
}

test("mounts that a server or another process answers for", () => {
  const local = ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "proc", "zfs"].map((type) => line(`/${type}`, type));
  const types = ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse", "fuse.sshfs", "fuseblk", "virtiofs", "autofs"];
  assert.deepEqual(
    points(...local, ...types.map((type) => line(`/mnt/${type}`, type))),
    types.map((type) => `/mnt/${type}`),
  );
});

test("the root, and what the kernel answers for itself, are none", () => {
  assert.deepEqual(points(line("/", "nfs4"), line("/proc/sys/fs/binfmt_misc", "autofs")), []);
});

test("a path with a space; what is mounted over another mount; the device as a stat has it", () => {
  assert.deepEqual(points(line("/mnt/my\\040logs", "nfs4")), ["/mnt/my logs"]);
  assert.deepEqual(points(line("/logs", "nfs4"), line("/logs", "ext4")), []);
  assert.deepEqual(points(line("/logs", "autofs"), line("/logs", "nfs4")), ["/logs"]);
  assert.equal(networkMountsIn(line("/logs", "nfs4", "0:300")).get("/logs")?.dev, 0x100000 + 44);
});

test("paths on a real one, through links too, also while nobody answers", async (t) => {
  const mount = await mountNetwork(t);
  if (mount === undefined) return t.skip("nothing can be mounted here");
  const dir = dirname(mount.point);
  writeFileSync(join(mount.backing, "a.log"), "one\n");
  mkdirSync(join(dir, "local"));
  symlinkSync("../mount", join(dir, "local/link"));
  symlinkSync(join(dir, "local/link/a.log"), join(dir, "local/a.log"));
  await mount.hang();
  for (const path of ["mount", "mount/a.log", "local/link", "local/link/a.log", "local/a.log", "local/../mount/x/y"])
    assert.equal(networkMountOf(join(dir, path))?.point, mount.point, path);
  for (const path of ["local", "local/b.log", "server/a.log", "nowhere/at/all"])
    assert.equal(networkMountOf(join(dir, path)), undefined, path);
  assert.ok(isOnNetwork(networkMountOf(mount.point)?.dev ?? -1));
});
