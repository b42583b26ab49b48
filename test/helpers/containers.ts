// Containers without a daemon: buildah builds the unchanged Dockerfile, podman runs the image. Images and containers are stored
// in a directory of the test and are removed with it.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT } from "./tree.ts";

export function noContainers(): string | false {
  if (process.getuid?.() !== 0) return "only root can run containers here";
  if (process.env["CI"] === "true") return false;
  const missing = ["buildah", "podman", "runc"].filter((name) => spawnSync(name, ["--version"]).status !== 0);
  return missing.length > 0 && `${missing.join(", ")} missing; apt-get install buildah podman runc`;
}

const CONFIG = `[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`;

export class Containers {
  private readonly directory = mkdtempSync(join(tmpdir(), "spillway-containers-"));
  private readonly storage = ["--root", join(this.directory, "storage"), "--runroot", join(this.directory, "run")];
  private readonly env: NodeJS.ProcessEnv;

  constructor() {
    const config = join(this.directory, "containers.conf");
    writeFileSync(config, CONFIG);
    const policy = join(this.directory, "policy.json");
    writeFileSync(policy, '{ "default": [{ "type": "insecureAcceptAnything" }] }');
    this.env = { ...process.env, CONTAINERS_CONF: config };
  }

  /** Resolves to the program's stdout; rejects with stdout and stderr. */
  private call(program: string, args: readonly string[]): Promise<string> {
    const child = spawn(program, [...this.storage, ...args], {
      env: this.env,
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        // podman prints the container's stdout on stdout and its stderr on stderr.
        if (code === 0) resolve((args[0] === "logs" ? out + err : out).trim());
        else reject(new Error(`${program} ${args.join(" ")} ended with ${code}:\n${out}\n${err}`));
      });
    });
  }

  podman(...args: readonly string[]): Promise<string> {
    return this.call("podman", args);
  }

  /** Builds a stand-in for the image node:26-bookworm from the programs of this machine. */
  async base(): Promise<void> {
    const rootfs = join(this.directory, "base");
    const home = dirname(createRequire(import.meta.url).resolve(`node-linux-${arch()}/package.json`));
    const { status, stderr } = spawnSync(
      "bash",
      [join(ROOT, "test/helpers/base-image.sh"), rootfs, join(home, "bin/node")],
      {
        encoding: "utf8",
      },
    );
    if (status !== 0) throw new Error(stderr);
    const container = await this.call("buildah", ["from", "scratch"]);
    await this.call("buildah", ["copy", "-q", container, rootfs, "/"]);
    const variables = [
      "PATH=/usr/local/bin:/usr/bin:/bin",
      "HOME=/root",
      "NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt",
    ];
    await this.call("buildah", ["config", ...variables.flatMap((one) => ["--env", one]), container]);
    await this.call("buildah", ["commit", "-q", "--rm", container, "localhost/node:26-bookworm"]);
    rmSync(rootfs, { recursive: true });
  }

  /** Builds the Dockerfile of this checkout, with npm's cache of this machine. */
  async build(tag: string): Promise<void> {
    const cache = spawnSync("npm", ["config", "get", "cache"], { encoding: "utf8" }).stdout.trim();
    mkdirSync(cache, { recursive: true });
    const options = [
      "--isolation",
      "chroot",
      "--network",
      "host",
      "--pull-never",
      "--format",
      "docker",
      "--layers=false",
    ];
    await this.call("buildah", ["build", ...options, "-v", `${cache}:/root/.npm`, "-t", tag, "."]);
  }

  /** Unpacked size of an image in bytes. */
  async size(tag: string): Promise<number> {
    return Number(await this.podman("image", "inspect", "--format", "{{.Size}}", tag));
  }

  async remove(): Promise<void> {
    await this.podman("rm", "--all", "--force", "--time", "0").catch(() => {});
    await this.podman("rmi", "--all", "--force").catch(() => {});
    spawnSync("umount", [join(this.directory, "storage/overlay")]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}
