// The memory limit on each kind of machine: fixture trees of /proc and /sys, and this machine.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ReadText, memoryLimit, readText } from "../../src/ops/cgroup.ts";

const NO_LIMIT_V1 = "9223372036854771712\n";

interface Tree {
  /** Content of /proc/self/cgroup. `mounts` has the lines of /proc/self/mountinfo. */
  readonly groups: string;
  readonly mounts: readonly string[];
  /** Files below /sys/fs/cgroup, or with absolute paths. */
  readonly files: Readonly<Record<string, string>>;
}

function limit({ groups, mounts, files }: Tree): number | undefined {
  const whole: Record<string, string> = {
    "/proc/self/cgroup": groups,
    "/proc/self/mountinfo": `${mounts.join("\n")}\n`,
  };
  for (const [path, text] of Object.entries(files))
    whole[path.startsWith("/") ? path : `/sys/fs/cgroup/${path}`] = text;
  const read: ReadText = (path) => whole[path.replace(/\/+/g, "/")];
  return memoryLimit(read);
}

const ROOT = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw";
const TMPFS = "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755";
const V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate";
const v1 = (controller: string, root = "/"): string =>
  `35 31 0:32 ${root} /sys/fs/cgroup/${controller} rw,relatime shared:14 - cgroup cgroup rw,${controller}`;

test("version 2: the limit of a service", () => {
  const tree = { groups: "0::/system.slice/spillway.service\n", mounts: [ROOT, V2] };
  const own = "system.slice/spillway.service/memory.max";
  assert.equal(limit({ ...tree, files: { [own]: "209715200\n" } }), 209_715_200);
  assert.equal(limit({ ...tree, files: { [own]: "max\n", "system.slice/memory.max": "max\n" } }), undefined);
  // If the controller is not enabled, its file does not exist.
  assert.equal(limit({ ...tree, files: {} }), undefined);
});

test("version 2, nested: the smallest of the own limit and those above counts", () => {
  const tree = { groups: "0::/a/b/c\n", mounts: [ROOT, V2] };
  const files = { "a/b/c/memory.max": "300\n", "a/b/memory.max": "max\n", "a/memory.max": "400\n" };
  assert.equal(limit({ ...tree, files }), 300);
  assert.equal(limit({ ...tree, files: { ...files, "a/memory.max": "200\n" } }), 200);
  assert.equal(limit({ ...tree, files: { ...files, "a/b/c/memory.max": "max\n" } }), 400);
  // The limits of other groups do not count.
  assert.equal(limit({ ...tree, files: { ...files, "a/x/memory.max": "1\n", "b/memory.max": "1\n" } }), 300);
});

test("version 2 in a container with a cgroup namespace: what is mounted is its own", () => {
  const mounts = [ROOT, V2.replace("rw,nosuid", "ro,nosuid")];
  assert.equal(limit({ groups: "0::/\n", mounts, files: { "memory.max": "157286400\n" } }), 157_286_400);
  assert.equal(limit({ groups: "0::/\n", mounts, files: { "memory.max": "max\n" } }), undefined);
  // A process that entered the container from outside, like `docker exec` and probes, may be shown in a sibling group.
  assert.equal(limit({ groups: "0::/../other\n", mounts, files: { "memory.max": "157286400\n" } }), 157_286_400);
});

test("version 2 in a container without a namespace: its part of the tree is mounted", () => {
  const group = "/kubepods.slice/pod1.slice/cri-1.scope";
  const files = { "memory.max": "157286400\n", "inner/memory.max": "100\n" };
  const mounts = [ROOT, V2.replace("0:26 /", `0:26 ${group}`)];
  assert.equal(limit({ groups: `0::${group}\n`, mounts, files }), 157_286_400);
  assert.equal(limit({ groups: `0::${group}/inner\n`, mounts, files }), 100);
  // The name of another group may begin with the same letters.
  assert.equal(limit({ groups: `0::${group}2\n`, mounts, files }), 157_286_400);
});

test("version 1: the limit of the memory controller, own and above", () => {
  const groups = "9:name=systemd:/x\n4:memory:/docker/abc\n3:cpuset:/docker/abc\n";
  const tree = { groups, mounts: [ROOT, TMPFS, v1("cpuset"), v1("memory")] };
  const own = "memory/docker/abc/memory.limit_in_bytes";
  assert.equal(
    limit({ ...tree, files: { [own]: "209715200\n", "memory/memory.limit_in_bytes": NO_LIMIT_V1 } }),
    209_715_200,
  );
  assert.equal(limit({ ...tree, files: { [own]: NO_LIMIT_V1 } }), undefined);
  const above = { [own]: NO_LIMIT_V1, "memory/docker/memory.limit_in_bytes": "104857600\n" };
  assert.equal(limit({ ...tree, files: above }), 104_857_600);
});

test("version 1 with controllers that are mounted together, or under another name", () => {
  const groups = "5:cpu,cpuacct:/a\n4:hugetlb,memory,pids:/a\n";
  const mounts = [
    "40 31 0:40 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
    "41 31 0:41 / /sys/fs/cgroup/all\\040of\\040it rw - cgroup cgroup rw,hugetlb,memory,pids",
  ];
  assert.equal(limit({ groups, mounts, files: { "all of it/a/memory.limit_in_bytes": "1048576\n" } }), 1_048_576);
});

test("version 1 in a container: its part of the tree is mounted, with or without a namespace", () => {
  const files = { "memory/memory.limit_in_bytes": "157286400\n" };
  for (const [group, root] of [
    ["/docker/abc", "/docker/abc"],
    ["/", "/"],
    ["/docker/abc", "/../.."],
  ] as const) {
    const tree = { groups: `4:memory:${group}\n`, mounts: [ROOT, TMPFS, v1("memory", root)], files };
    assert.equal(limit(tree), 157_286_400, `${group} ${root}`);
  }
});

test("both beside each other: where the controller is counts, and of two limits the smaller", () => {
  const tree = {
    groups: "4:memory:/a\n0::/a\n",
    mounts: [ROOT, TMPFS, v1("memory"), V2.replace("/sys/fs/cgroup rw", "/sys/fs/cgroup/unified rw")],
  };
  const v1Limit = { "memory/a/memory.limit_in_bytes": "300\n" };
  assert.equal(limit({ ...tree, files: { ...v1Limit, "unified/a/cgroup.procs": "1\n" } }), 300);
  assert.equal(limit({ ...tree, files: { ...v1Limit, "unified/a/memory.max": "200\n" } }), 200);
  assert.equal(limit({ ...tree, files: { ...v1Limit, "unified/a/memory.max": "max\n" } }), 300);
});

test("a machine that shows nothing, or nonsense, has no limit", () => {
  assert.equal(
    memoryLimit(() => undefined),
    undefined,
  );
  assert.equal(limit({ groups: "", mounts: [ROOT, V2], files: { "memory.max": "1\n" } }), undefined);
  assert.equal(limit({ groups: "0::/a\n", mounts: [ROOT], files: { "a/memory.max": "1\n" } }), undefined);
  for (const text of ["", "-1\n", "1e9\n", "many\n"]) {
    assert.equal(limit({ groups: "0::/\n", mounts: [V2], files: { "memory.max": text } }), undefined, text);
  }
});

test("this machine can be read", () => {
  const bytes = memoryLimit(readText);
  assert.ok(bytes === undefined || bytes > 2 ** 20, String(bytes));
  assert.equal(readText("/no/such/file"), undefined);
});
