// What quiet files cost the agent: CPU usage and resident memory, in the first minute after all files are delivered and again
// once the agent has settled. With --remove, also while files are removed, one a second. Runs once for each checkout or package
// named (a directory with bin/ and dist/), one after the other, so that before and after are measured alike.
//   node bench/idle.ts [--files 1000,10000] [--directories 100] [--settle 180] [--seconds 60] [--remove] [CHECKOUT ...]
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { get } from "node:http";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { systemClock as clock } from "../src/core/clock.ts";
import { startSandbox } from "../src/sandbox/bulk-server.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    files: { type: "string", default: "10000" },
    directories: { type: "string", default: "100" },
    settle: { type: "string", default: "180" },
    seconds: { type: "string", default: "60" },
    remove: { type: "boolean", default: false },
  },
});
const directories = Number(values.directories);
const seconds = Number(values.seconds);
const checkouts = positionals.length === 0 ? ["."] : positionals;

for (const files of values.files.split(",").map(Number))
  for (const checkout of checkouts) await measure(resolve(checkout), files);

async function measure(checkout: string, files: number): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "spillway-idle-"));
  const file = (i: number): string => join(root, "logs", String(i % directories), `app-${i}.log`);
  const server = await startSandbox({}, clock);
  try {
    for (let d = 0; d < directories; d++) mkdirSync(join(root, "logs", String(d)), { recursive: true });
    for (let i = 0; i < files; i++) writeFileSync(file(i), `line ${i}\n`);
    const socket = join(root, "admin.sock");
    const config = join(root, "spillway.yml");
    const input = { id: "idle", paths: [join(root, "logs/*/*.log")] };
    const output = { hosts: [server.url], index: "idle" };
    const rest = { buffer: { path: join(root, "state") }, admin: { listen: `unix:${socket}` } };
    writeFileSync(config, JSON.stringify({ inputs: [input], output, ...rest }));
    const child = spawn(process.execPath, [join(checkout, "bin/spillway.js"), "run", "-c", config], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    try {
      const started = clock.now();
      while ((await delivered(socket)) < files) await clock.sleep(500);
      const took = ((clock.now() - started) / 1000).toFixed(0);
      const share = (over: number, each?: (i: number) => void): Promise<string> => shareOf(child.pid, over, each);
      say(`${checkout}: ${files} files in ${directories} directories, delivered after ${took} s`);
      say(`  first minute   ${await share(60)}, ${memory(child.pid)}`);
      await clock.sleep(Math.max(0, Number(values.settle) - 60) * 1000);
      say(`  settled        ${await share(seconds)}, ${memory(child.pid)}, ${handles(child.pid)}`);
      if (!values.remove) return;
      say(`  one removed/s  ${await share(seconds, (i) => rmSync(file(100 + i)))}, ${memory(child.pid)}`);
    } finally {
      child.kill("SIGTERM");
      await new Promise((ended) => child.once("exit", ended));
    }
  } finally {
    await server.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Documents delivered so far; 0 while the agent does not answer. */
function delivered(socketPath: string): Promise<number> {
  return new Promise((done) => {
    const request = get({ socketPath, path: "/status" }, (response) => {
      let text = "";
      response.on("data", (piece) => (text += String(piece)));
      response.on("end", () => done(Number(JSON.parse(text).ledger?.delivered?.records ?? 0)));
    });
    request.on("error", () => done(0));
  });
}

/** CPU usage of a process as a percentage of one core. @param each called once a second during the measurement */
async function shareOf(pid: number | undefined, over: number, each?: (i: number) => void): Promise<string> {
  const [before, since] = [cpuSeconds(pid), clock.now()];
  for (let i = 0; i < over; i++) {
    each?.(i);
    await clock.sleep(1000);
  }
  return `${((100 * 1000 * (cpuSeconds(pid) - before)) / (clock.now() - since)).toFixed(2)} % of a core`;
}

/** CPU seconds of all threads, by the scheduler's clock: the 10 ms ticks of /proc/PID/stat miss or overrate short turns. */
function cpuSeconds(pid: number | undefined): number {
  const spent = (thread: string): number =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]) / 1e9;
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + spent(thread), 0);
}

function handles(pid: number | undefined): string {
  const names = readdirSync(`/proc/${pid}/fdinfo`);
  const infos = names.map((name) => readFileSync(`/proc/${pid}/fdinfo/${name}`, "utf8"));
  return `${names.length} descriptors, ${infos.join("").split("inotify wd").length - 1} watches`;
}

function memory(pid: number | undefined): string {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mebibytes = (name: string): number =>
    Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  return `${mebibytes("VmRSS")} MiB resident (peak ${mebibytes("VmHWM")})`;
}
