// The examples: each configuration has no fault, each manifest is valid for the Kubernetes API, and their parts fit together.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parseAllDocuments } from "yaml";
import { loadText } from "../src/config/load.ts";
import { ROOT } from "./helpers/tree.ts";

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const documents = (path: string): any[] => parseAllDocuments(read(path)).map((document) => document.toJS());
const MANIFESTS = globSync("examples/kubernetes/*.yaml", { cwd: ROOT });
const ENV = { ES_API_KEY: "a2V5OnZhbHVl", SPILLWAY_HOSTS: "http://elasticsearch:9200" };

function config(name: string, text: string): ReturnType<typeof loadText>["config"] {
  const { config, warnings } = loadText(name, text, { env: ENV });
  // In a container the admin endpoint must be reachable from other hosts; the docs say so.
  const others = warnings.filter(({ code }) => code !== "admin-not-loopback" && code !== "auth-in-clear");
  assert.deepEqual(others, [], name);
  return config;
}

const noValidator =
  spawnSync("kubernetes-validate", ["--version"]).status !== 0 &&
  process.env["CI"] !== "true" &&
  "kubernetes-validate is not installed; pip install kubernetes-validate";

test("manifests are what the API takes", { skip: noValidator }, () => {
  assert.ok(MANIFESTS.length >= 2);
  for (const path of MANIFESTS) {
    const { status, stdout, stderr } = spawnSync("kubernetes-validate", ["--strict", join(ROOT, path)], {
      encoding: "utf8",
    });
    assert.equal(status, 0, stdout + stderr);
  }
});

describe("manifests fit together", () => {
  for (const path of MANIFESTS) {
    test(path, () => {
      const all = documents(path);
      const [map] = all.filter(({ kind }) => kind === "ConfigMap");
      const { admin, shutdown, buffer } = config(path, map.data["spillway.yml"]);
      const { spec } = all.find(({ spec }) => spec?.template !== undefined).spec.template;
      const agent = [...(spec.initContainers ?? []), ...spec.containers].find(({ name }) => name === "spillway");
      const [port] = agent.ports;
      assert.deepEqual(admin.listen, { host: "0.0.0.0", port: port.containerPort });
      assert.ok(spec.terminationGracePeriodSeconds * 1000 > shutdown.grace);
      assert.equal(agent.securityContext.readOnlyRootFilesystem, true);
      assert.deepEqual(agent.securityContext.capabilities.drop, ["ALL"]);
      const mounted = new Map<string, any>(agent.volumeMounts.map((mount: any) => [mount.mountPath, mount]));
      assert.equal(mounted.get(buffer.path).readOnly, undefined, "it can write its state");
      const volumes = spec.volumes.map(({ name }: any) => name);
      for (const { name } of mounted.values()) assert.ok(volumes.includes(name), name);
      assert.ok(spec.volumes.some(({ configMap }: any) => configMap?.name === map.metadata.name));
      const version = (JSON.parse(read("package.json")) as { version: string }).version;
      assert.equal(agent.image, `spillway:${version}`);
    });
  }
});

test("the compose file names files and volumes that are there, and its agent has no fault", () => {
  const [compose] = documents("examples/compose.yml");
  const volumes = Object.keys(compose.volumes);
  for (const { volumes: mounts = [] } of Object.values<any>(compose.services)) {
    for (const mount of mounts as string[]) {
      const [source = ""] = mount.split(":");
      if (source.startsWith(".")) assert.ok(existsSync(join(ROOT, "examples", source)), source);
      else assert.ok(volumes.includes(source), source);
    }
  }
  const { output, shutdown } = config("examples/compose-spillway.yml", read("examples/compose-spillway.yml"));
  assert.deepEqual(output.hosts, [ENV.SPILLWAY_HOSTS]);
  assert.ok(Number.parseInt(compose.services.spillway.stop_grace_period, 10) * 1000 > shutdown.grace);
});
