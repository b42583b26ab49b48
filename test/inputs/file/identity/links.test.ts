// Symbolic links in directories that another user may write. A target that the agent may read but the link's owner may not is not
// shipped. All other links are followed as usual.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs, { appendFileSync, chmodSync, chownSync, lchownSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { symlinkSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { fastClock } from "../../../helpers/fast-clock.ts";
import { type Bench, bench } from "../setup.ts";

const clock = fastClock(20);
const MALLORY = 65534;
const OTHER = 65533;
const skip = process.geteuid?.() === 0 ? false : "only root can make files of somebody else";

interface Place extends Bench {
  /** A directory owned by MALLORY, who may write to it. */
  readonly logs: string;
  /** A file that only root may read. `closed` is such a directory, with a.log in it. */
  readonly secret: string;
  readonly closed: string;
}

function place(t: TestContext): Place {
  const it = bench(t);
  chmodSync(it.dir, 0o755);
  const [logs, secret, closed] = ["logs", "secret", "closed"].map((name) => join(it.dir, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(logs, 0o755);
  chownSync(logs, MALLORY, MALLORY);
  writeFileSync(secret, "root's\n", { mode: 0o600 });
  mkdirSync(closed, 0o700);
  writeFileSync(join(closed, "a.log"), "closed\n", { mode: 0o600 });
  return { ...it, logs, secret, closed };
}

function link(target: string, path: string, owner: number): void {
  symlinkSync(target, path);
  lchownSync(path, owner, owner);
}

function own(path: string, text: string, owner = MALLORY): void {
  writeFileSync(path, text);
  chownSync(path, owner, owner);
}

async function ships(it: Place, ...texts: readonly string[]): Promise<void> {
  const found = (): string => JSON.stringify(it.intake.texts.filter(Boolean).sort());
  await it.intake.until(() => found() === JSON.stringify([...texts].sort()), `exactly ${texts.join()}`);
}

test("links to files and directories of others are refused, said and counted once each", { skip }, async (t) => {
  const it = place(t);
  own(join(it.logs, "own.log"), "own\n");
  link(it.secret, join(it.logs, "secret.log"), MALLORY);
  link("../secret", join(it.logs, "relative.log"), MALLORY);
  link(it.closed, join(it.logs, "directory"), MALLORY);
  // A link to another link, which leads to the secret.
  link(join(it.logs, "secret.log"), join(it.logs, "twice.log"), MALLORY);
  const input = await it.run({ paths: [join(it.logs, "**/*.log")] }, { clock });
  await ships(it, "own\n");
  await clock.sleep(30_000);
  await ships(it, "own\n");
  assert.equal(input.status().refusedLinks, 4);
  assert.ok(it.log.events.includes("link_refused"));
});

test(
  "what others own is followed, and so are root's links and those where nobody else may write",
  { skip },
  async (t) => {
    const it = place(t);
    const [shared, data] = [join(it.dir, "shared"), join(it.dir, "data")];
    mkdirSync(shared);
    chmodSync(shared, 0o1777);
    mkdirSync(data, 0o755);
    own(join(data, "theirs"), "theirs\n");
    own(join(data, "others"), "others\n", OTHER);
    link(join(data, "theirs"), join(shared, "own.log"), MALLORY);
    link(join(data, "others"), join(shared, "others.log"), MALLORY);
    link(it.secret, join(shared, "roots.log"), 0);
    link(join(data, "others"), join(data, "nobody-else-writes.log"), MALLORY);
    await it.run({ paths: [join(shared, "*.log"), join(data, "*.log")] }, { clock });
    await ships(it, "theirs\n", "root's\n", "others\n");
    assert.equal(it.intake.sources.size, 3);
  },
);

test("a link that may be followed later is followed then", { skip }, async (t) => {
  const it = place(t);
  const path = join(it.logs, "a.log");
  link(it.secret, path, MALLORY);
  const input = await it.run({ paths: [join(it.logs, "*.log")] }, { clock });
  await it.intake.until(() => input.status().refusedLinks === 1, "the refusal");
  chownSync(it.secret, MALLORY, MALLORY);
  rmSync(path);
  link(it.secret, path, MALLORY);
  await ships(it, "root's\n");
});

test("a file that is changed for a link while it is read, and a directory on the way", { skip }, async (t) => {
  const it = place(t);
  const [file, below] = [join(it.logs, "a.log"), join(it.logs, "below")];
  own(file, "own\n");
  mkdirSync(below);
  chownSync(below, MALLORY, MALLORY);
  own(join(below, "a.log"), "below\n");
  const input = await it.run({ paths: [join(it.logs, "**/*.log")] }, { clock });
  await ships(it, "own\n", "below\n");
  renameSync(file, join(it.logs, "aside"));
  link(it.secret, file, MALLORY);
  renameSync(below, join(it.logs, "aside2"));
  link(it.closed, below, MALLORY);
  await it.intake.until(() => input.status().refusedLinks === 2, "both refusals");
  appendFileSync(join(it.logs, "aside"), "more\n");
  await ships(it, "own\nmore\n", "below\n");
});

for (const [what, during] of [
  ["just before it is opened", ["openSync"]],
  ["while it is looked at and again while it is opened", ["statSync", "openSync"]],
] as const)
  test(`a directory that is a link ${what}: what is opened is not read`, { skip }, async (t) => {
    const it = place(t);
    const [below, aside] = [join(it.logs, "below"), join(it.logs, "aside")];
    const file = join(below, "a.log");
    mkdirSync(below);
    own(file, "below\n");
    let opened = 0;
    for (const name of during) {
      const original = fs[name] as (...args: unknown[]) => unknown;
      t.mock.method(fs, name, (...args: unknown[]) => {
        if (String(args[0]) !== file || opened > 1) return original(...args);
        if (name === "openSync") opened++;
        renameSync(below, aside);
        link(it.closed, below, MALLORY);
        try {
          return original(...args);
        } finally {
          rmSync(below);
          renameSync(aside, below);
        }
      });
    }
    syncBuiltinESMExports();
    t.after(() => {
      t.mock.restoreAll();
      syncBuiltinESMExports();
    });
    await it.run({ paths: [file] }, { clock });
    await clock.sleep(30_000);
    assert.ok(opened > 0);
    assert.ok(!it.intake.text.includes("closed"), it.intake.text);
    await ships(it, "below\n");
  });

test(
  "another user's links to another user's files, as the kubelet's would not be, end at the first component",
  { skip },
  (t) => {
    const it = place(t);
    link(it.closed, join(it.logs, "directory"), MALLORY);
    const script = `
    import { follow } from ${JSON.stringify(new URL("../../../../src/inputs/file/identity/links.ts", import.meta.url).href)};
    console.log(follow(${JSON.stringify(join(it.logs, "directory/a.log"))}).kind);`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    assert.equal(stdout.trim(), "refused");
  },
);
