// What quiet files cost the agent: share of a core, resident memory, descriptors and watches, once it has read them all and
// has come to rest. One after the other for each checkout that is named, so that before and after are one run.
//   node bench/idle.ts [--files 10000] [--directories 100] [--rest 45] [--seconds 60] [CHECKOUT ...]
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { systemClock as clock } from "../src/core/clock.ts";
import { startSandbox } from "../src/sandbox/bulk-server.ts";

/** USER_HZ, the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    files: { type: "string", default: "10000" },
    directories: { type: "string", default: "100" },
    rest: { type: "string", default: "45" },
    seconds: { type: "string", default: "60" },
  },
});
const [files, directories] = [Number(values.files), Number(values.directories)];
const checkouts = positionals.length === 0 ? ["."] : positionals;

const root = mkdtempSync(join(tmpdir(), "spillway-idle-"));
const server = await startSandbox({}, clock);
try {
  for (let d = 0; d < directories; d++) mkdirSync(join(root, "logs", String(d)), { recursive: true });
  for (let i = 0; i < files; i++) writeFileSync(join(root, "logs", String(i % directories), `${i}.log`), `line ${i}\n`);
  for (const checkout of checkouts) await measure(resolve(checkout));
} finally {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
}

async function measure(checkout: string): Promise<void> {
  const state = mkdtempSync(join(root, "state-"));
  const config = join(state, "spillway.yml");
  const input = { id: "idle", paths: [join(root, "logs/*/*.log")] };
  const admin = { listen: `unix:${join(state, "admin.sock")}` };
  const output = { hosts: [server.url], index: "idle" };
  writeFileSync(config, JSON.stringify({ inputs: [input], buffer: { path: join(state, "buffer") }, output, admin }));
  const child = spawn(process.execPath, [join(checkout, "bin/spillway.js"), "run", "-c", config], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  try {
    await clock.sleep(Number(values.rest) * 1000);
    const [before, since] = [cpuSeconds(child.pid), clock.now()];
    await clock.sleep(Number(values.seconds) * 1000);
    const share = (100 * 1000 * (cpuSeconds(child.pid) - before)) / (clock.now() - since);
    const { resident, peak } = memory(child.pid);
    const { descriptors, watches } = handles(child.pid);
    process.stdout.write(
      `${checkout}: ${files} files, ${share.toFixed(2)} % of a core, ${resident} MiB resident (peak ${peak}), ` +
        `${descriptors} descriptors, ${watches} watches\n`,
    );
  } finally {
    child.kill("SIGTERM");
    await new Promise((ended) => child.once("exit", ended));
  }
}

/** Of the process and its threads, in user and system mode. */
function cpuSeconds(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function handles(pid: number | undefined): { descriptors: number; watches: number } {
  const names = readdirSync(`/proc/${pid}/fdinfo`);
  const infos = names.map((name) => readFileSync(`/proc/${pid}/fdinfo/${name}`, "utf8"));
  return { descriptors: names.length, watches: infos.join("").split("inotify wd").length - 1 };
}

function memory(pid: number | undefined): { resident: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mebibytes = (name: string): number =>
    Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  return { resident: mebibytes("VmRSS"), peak: mebibytes("VmHWM") };
}
