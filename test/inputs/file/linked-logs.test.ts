// Chains of links, like those of Kubernetes with Docker: containers/ -> pods/ -> docker/. Rotation happens at the target of the
// last link, and each link may be changed to lead elsewhere.
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import type { FileInput } from "../../../src/inputs/file/file-input.ts";
import { fastClock } from "../../helpers/fast-clock.ts";
import { type Bench, bench } from "./setup.ts";

const clock = fastClock(20);

class Node {
  readonly bench: Bench;
  private input: FileInput | undefined;

  constructor(t: TestContext) {
    this.bench = bench(t);
    for (const name of ["containers", "pods"]) mkdirSync(join(this.bench.dir, name));
  }

  async start(): Promise<void> {
    this.input = await this.bench.run({ paths: [join(this.bench.dir, "containers/*.log")] }, { clock });
  }

  async stop(): Promise<void> {
    await this.input?.stop();
    this.bench.intake.restart();
  }

  /** The log of a container. */
  log(id: string): string {
    return join(this.bench.dir, "docker", id, `${id}-json.log`);
  }

  run(id: string, text: string): void {
    mkdirSync(join(this.bench.dir, "docker", id), { recursive: true });
    writeFileSync(this.log(id), text);
  }

  /** Makes the pod's link lead to this container. at once: by rename, as kubelet does. anew: the link is removed first. */
  point(id: string, how: "at once" | "anew" = "at once"): void {
    const link = join(this.bench.dir, "pods/0.log");
    const made = how === "anew" ? link : `${link}.tmp`;
    if (how === "anew") rmSync(link);
    symlinkSync(this.log(id), made);
    renameSync(made, link);
  }

  link(name: string): void {
    symlinkSync(join(this.bench.dir, "pods/0.log"), join(this.bench.dir, "containers", `${name}.log`));
  }

  rotate(id: string, rest: string, text: string): void {
    renameSync(this.log(id), `${this.log(id)}.1`);
    appendFileSync(`${this.log(id)}.1`, rest);
    writeFileSync(this.log(id), text);
  }

  async rests(): Promise<void> {
    await this.bench.intake.until(() => this.input?.status().open === 0, "no descriptor to be held");
  }

  async has(...texts: readonly string[]): Promise<void> {
    const wanted = JSON.stringify([...texts].sort());
    const found = (): string => JSON.stringify([...this.bench.intake.texts].sort());
    await this.bench.intake.until(() => found() === wanted, `exactly ${wanted}`);
  }

  /** Nothing is read twice, also after a restart, and no existing file is forgotten. */
  async stays(sources: number): Promise<void> {
    const { intake } = this.bench;
    const before = intake.text;
    await clock.sleep(15_000);
    await this.stop();
    await this.start();
    await clock.sleep(15_000);
    assert.equal(intake.text, before);
    assert.equal(intake.known("app").length, sources);
  }
}

function play(name: string, scene: (node: Node) => Promise<void>): void {
  test(name, async (t) => {
    const node = new Node(t);
    node.run("a", "one\n");
    symlinkSync(node.log("a"), join(node.bench.dir, "pods/0.log"));
    node.link("web");
    await node.start();
    await node.has("one\n");
    await scene(node);
  });
}

for (const held of ["held", "not held"] as const) {
  play(`rotated where the links lead, with its descriptor ${held}`, async (node) => {
    if (held === "not held") await node.rests();
    node.rotate("a", "two\n", "new\n");
    await node.has("one\ntwo\n", "new\n");
    appendFileSync(node.log("a"), "newer\n");
    appendFileSync(`${node.log("a")}.1`, "three\n");
    await node.has("one\ntwo\nthree\n", "new\nnewer\n");
    await node.stays(2);
  });

  for (const how of ["at once", "anew"] as const) {
    play(`the middle link is led elsewhere ${how}, with the descriptor ${held}`, async (node) => {
      if (held === "not held") await node.rests();
      node.run("b", "new\n");
      node.point("b", how);
      appendFileSync(node.log("a"), "two\n");
      await node.has("one\ntwo\n", "new\n");
      appendFileSync(node.log("b"), "newer\n");
      await node.has("one\ntwo\n", "new\nnewer\n");
      await node.stays(2);
    });
  }
}

play("the middle link is led elsewhere, and the first container is removed", async (node) => {
  await node.rests();
  node.run("b", "new\n");
  node.point("b");
  rmSync(join(node.bench.dir, "docker/a"), { recursive: true });
  await node.has("one\n", "new\n");
  await node.stays(1);
});

play("rotated while nobody looks", async (node) => {
  await node.stop();
  node.rotate("a", "two\n", "new\n");
  await node.start();
  await node.has("one\ntwo\n", "new\n");
  await node.stays(2);
});

play("led elsewhere while nobody looks, and the first container's log goes on", async (node) => {
  await node.stop();
  node.run("b", "new\n");
  node.point("b");
  appendFileSync(node.log("a"), "two\n");
  await node.start();
  await node.has("one\ntwo\n", "new\n");
  appendFileSync(node.log("a"), "three\n");
  await node.has("one\ntwo\nthree\n", "new\n");
  await node.stays(2);
});

play("led elsewhere while nobody looks, renamed or removed there", async (node) => {
  await node.stop();
  renameSync(node.log("a"), `${node.log("a")}.1`);
  appendFileSync(`${node.log("a")}.1`, "two\n");
  node.run("b", "new\n");
  node.point("b");
  await node.start();
  await node.has("one\ntwo\n", "new\n");
  await node.stop();
  rmSync(join(node.bench.dir, "docker/a"), { recursive: true });
  await node.start();
  await node.bench.intake.until(
    () => node.bench.intake.known("app").length === 1,
    "the first container to be forgotten",
  );
  await node.stays(1);
});

play("two first links to one log, one of which goes", async (node) => {
  node.link("again");
  await clock.sleep(10_000);
  rmSync(join(node.bench.dir, "containers/web.log"));
  appendFileSync(node.log("a"), "two\n");
  await node.has("one\ntwo\n");
  node.rotate("a", "three\n", "new\n");
  await node.has("one\ntwo\nthree\n", "new\n");
  await node.stays(2);
});

play("a middle link that leads nowhere for a while", async (node) => {
  await node.rests();
  rmSync(join(node.bench.dir, "pods/0.log"));
  await clock.sleep(10_000);
  appendFileSync(node.log("a"), "two\n");
  symlinkSync(node.log("a"), join(node.bench.dir, "pods/0.log"));
  await node.has("one\ntwo\n");
  await node.stays(1);
});

test("links on the way that no watcher tells of are followed within seconds, however quiet the logs are", async (t) => {
  const { dir, intake, run } = bench(t);
  const quick = fastClock(40);
  const names = Array.from({ length: 16 }, (_, i) => String(i));
  const log = (name: string, release: string): string => join(dir, name, release, "log", "a.log");
  for (const name of names) {
    for (const release of ["one", "two"]) {
      mkdirSync(join(log(name, release), ".."), { recursive: true });
      writeFileSync(log(name, release), `${release} ${name}\n`);
    }
    symlinkSync("one", join(dir, name, "current"));
  }
  await run({ paths: [join(dir, "*/current/log/*.log")] }, { clock: quick });
  await intake.until(() => intake.sources.size === names.length, "the first release");
  // By then, files are polled only once a minute.
  await quick.sleep(130_000);
  for (const name of names) {
    symlinkSync("two", join(dir, name, "next"));
    renameSync(join(dir, name, "next"), join(dir, name, "current"));
  }
  await intake.until(() => intake.sources.size === 2 * names.length, "the second release within 40 s", 1000);
});
