// The image, built from the unchanged Dockerfile, and run: small, no shell, user nobody, read-only root, healthy on every kind of
// listen address. After a stop and a new container on the same volume, every line must have arrived once.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parse } from "yaml";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { eventually } from "../helpers/agent-process.ts";
import { Containers, noContainers } from "../helpers/containers.ts";
import { Numbered } from "../helpers/numbered.ts";
import { ROOT } from "../helpers/tree.ts";

const IMAGE = "localhost/spillway:0.1.0";
const MOST_MB = 135;
const LINES = 3000;

describe("the image", { skip: noContainers() }, () => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-container-"));
  const logs = join(directory, "logs");
  const numbered = new Numbered();
  const containers = new Containers();
  let server: BulkServer;
  let ran = 0;

  before(async () => {
    mkdirSync(logs);
    for (const path of [directory, logs]) chmodSync(path, 0o755);
    server = await startSandbox({ keep: "documents" }, systemClock);
    await containers.base();
    await containers.build(IMAGE);
  });
  after(async () => {
    await containers.remove();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  function write(lines: number): void {
    numbered.append(join(logs, "app.log"), lines);
    chmodSync(join(logs, "app.log"), 0o644);
  }

  /** Starts the agent. @returns the name of its container */
  async function start(
    listen: string,
    options: readonly string[] = [],
    words: readonly string[] = [],
  ): Promise<string> {
    const name = `spillway-${ran++}`;
    const config = join(directory, `${name}.yml`);
    const sections = {
      inputs: [{ id: "app", paths: ["/logs/*.log"] }],
      buffer: { memory: "8MiB", disk: "64MiB" },
      output: { hosts: [server.url], index: "logs", batch: { age: "50ms" } },
      admin: { listen },
      shutdown: { grace: "1s" },
    };
    writeFileSync(config, JSON.stringify(sections));
    const mounts = [`${config}:/etc/spillway/spillway.yml:ro`, `${logs}:/logs:ro`, "state:/var/lib/spillway"];
    const volumes = mounts.flatMap((mount) => ["-v", mount]);
    await containers.podman(
      "run",
      "-d",
      "--name",
      name,
      "--network",
      "host",
      "--read-only",
      ...volumes,
      ...options,
      IMAGE,
      ...words,
    );
    return name;
  }

  async function ends(name: string): Promise<void> {
    await containers.podman("stop", "-t", "20", name);
    assert.equal(await containers.podman("inspect", "--format", "{{.State.ExitCode}}", name), "0");
  }

  const healthy = (name: string): Promise<boolean> =>
    containers.podman("healthcheck", "run", name).then(
      () => true,
      () => false,
    );
  const becomesHealthy = (name: string): Promise<unknown> =>
    eventually("a healthy container", () => healthy(name), 30_000);
  const arrive = (): Promise<unknown> =>
    eventually("all lines", () => server.documents().length >= numbered.written, 30_000);

  test("is small, and holds Node, its libraries and the program", async (t) => {
    const megabytes = (await containers.size(IMAGE)) / 1e6;
    t.diagnostic(`${megabytes.toFixed(0)} MB`);
    assert.ok(megabytes < MOST_MB, `${megabytes} MB`);
    assert.equal(await containers.podman("run", "--rm", "--network", "none", IMAGE, "--version"), "0.1.0");
    const explained = await containers.podman("run", "--rm", "--network", "none", IMAGE, "explain", "state-locked");
    assert.match(explained, /Only one agent can use a state directory/);
    for (const program of ["/bin/sh", "npm", "env"])
      await assert.rejects(
        containers.podman("run", "--rm", "--network", "none", "--entrypoint", program, IMAGE),
        program,
      );
  });

  test("runs as nobody on a root that it cannot write, with no capability, and is healthy on a port", async () => {
    write(LINES);
    const name = await start(`127.0.0.1:${await freePort()}`, ["--cap-drop", "all"]);
    await becomesHealthy(name);
    await arrive();
    const status = readFileSync(
      `/proc/${await containers.podman("inspect", "--format", "{{.State.Pid}}", name)}/status`,
      "utf8",
    );
    assert.match(status, /^Uid:\t1000\t1000\t/m);
    assert.match(status, /^CapEff:\t0000000000000000$/m);
    await ends(name);
  });

  test("is healthy on a socket, where it is told so on the command line, and where nobody may ask", async () => {
    for (const [listen, words] of [
      ["unix:/var/lib/spillway/admin.sock", []],
      ["off", ["run", "-c", "/etc/spillway/spillway.yml", "--set", `admin.listen=127.0.0.1:${await freePort()}`]],
      ["off", []],
    ] as const) {
      const name = await start(listen, [], words);
      await becomesHealthy(name);
      await ends(name);
    }
  });

  test("is not healthy while its loop stands still", async () => {
    const name = await start(`127.0.0.1:${await freePort()}`);
    await becomesHealthy(name);
    await containers.podman("kill", "--signal", "STOP", name);
    assert.equal(await healthy(name), false);
    await containers.podman("kill", "--signal", "CONT", name);
    await becomesHealthy(name);
    await ends(name);
  });

  test("is scraped by the name of a service, and shows nothing else by it", async () => {
    const port = await freePort();
    const name = await start(`0.0.0.0:${port}`);
    await becomesHealthy(name);
    const ask = (path: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const asked = request({ port, path, headers: { host: "spillway.monitoring.svc:9650" } }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        asked.on("error", reject);
        asked.end();
      });
    assert.deepEqual(
      await Promise.all(["/metrics", "/healthz", "/readyz", "/status", "/"].map(ask)),
      [200, 200, 200, 403, 403],
    );
    await ends(name);
  });

  test("keeps what it could not deliver for the next container on its volume, within 128 MiB", async () => {
    await server.change(parseFaults("down"));
    const first = await start(`127.0.0.1:${await freePort()}`, ["--memory", "128m"]);
    await becomesHealthy(first);
    write(LINES);
    await systemClock.sleep(500);
    await ends(first);
    await server.change(NO_FAULTS);
    const second = await start(`127.0.0.1:${await freePort()}`, ["--memory", "128m"]);
    await arrive();
    await ends(second);
    numbered.assertStored(server);
  });

  test("runs in the pod of the sidecar example, and reads the last line", async () => {
    const pod = join(directory, "pod.yaml");
    writeFileSync(pod, JSON.stringify(sidecarPod(server.url, await freePort())));
    const before = server.documents("logs-app-default").length;
    await containers.podman("kube", "play", "--network", "host", pod);
    await eventually("its lines", () => server.documents("logs-app-default").length >= before + 3, 30_000).catch(
      async (error: unknown) => {
        throw new Error(`${String(error)}\n${await containers.podman("logs", "app-spillway")}`);
      },
    );
    await containers.podman("kube", "down", pod);
    const messages = server.documents("logs-app-default").map(({ source }) => source["message"]);
    assert.deepEqual(messages.slice(before), ["one", "two", "three"]);
  });

  /** The sidecar example as a pod with both containers side by side: podman 4 supports no deployments and no sidecars. */
  function sidecarPod(url: string, port: number): unknown {
    const documents = readFileSync(join(ROOT, "examples/kubernetes/sidecar.yaml"), "utf8")
      .split("\n---\n")
      .map((text) => parse(text));
    const { spec } = documents[1].spec.template;
    const [agent] = spec.initContainers;
    for (const key of ["restartPolicy", "startupProbe", "livenessProbe", "ports", "env"]) delete agent[key];
    agent.image = IMAGE;
    agent.args = ["run", "--set", `output.hosts=${url}`, "--set", `admin.listen=127.0.0.1:${port}`];
    agent.env = [{ name: "ES_API_KEY", value: "a2V5OnZhbHVl" }];
    const app = spec.containers[0];
    app.image = "localhost/node:26-bookworm";
    app.command = ["sh", "-c", "umask 022; printf 'one\\ntwo\\nthree\\n' > /logs/app.log; exec sleep 1000"];
    const volumes = spec.volumes.map((volume: any) =>
      volume.configMap
        ? { name: volume.name, hostPath: { path: join(directory, "sidecar") } }
        : { name: volume.name, emptyDir: {} },
    );
    mkdirSync(join(directory, "sidecar"), { recursive: true });
    writeFileSync(join(directory, "sidecar/spillway.yml"), documents[0].data["spillway.yml"]);
    spawnSync("chmod", ["-R", "a+rX", join(directory, "sidecar")]);
    return {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "app" },
      spec: { ...spec, initContainers: undefined, containers: [agent, app], volumes },
    };
  }
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
