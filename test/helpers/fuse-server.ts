// A FUSE file system served by this process, as sshfs is. Shows the files of one directory, read-only. SIGUSR2 toggles between
// answering and hanging; while it hangs, calls on its files block. Started by fuse.ts.
import { spawnSync } from "node:child_process";
import { type BigIntStats, closeSync, constants, openSync, readdirSync, readSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";

const [backing = "", point = ""] = process.argv.slice(2);
const device = openSync("/dev/fuse", constants.O_RDWR | constants.O_NONBLOCK);
const options = "fd=3,rootmode=40000,user_id=0,group_id=0,allow_other";
const mounting = spawnSync("mount", ["-i", "-t", "fuse", "-o", options, "spillway-test", point], {
  stdio: ["ignore", "ignore", "inherit", device],
});
if (mounting.status !== 0) process.exit(1);

const ROOT = 1n;
const [ENOENT, ENOSYS] = [-2, -38];
const names: string[] = [""];
const NO_ANSWER = new Set([2, 36, 42]);

function statOf(node: bigint): BigIntStats | undefined {
  return statSync(join(backing, names[Number(node - ROOT)] ?? "/nothing"), { bigint: true, throwIfNoEntry: false });
}

function nodeOf(name: string): bigint {
  if (!names.includes(name)) names.push(name);
  return BigInt(names.indexOf(name)) + ROOT;
}

function attributes(node: bigint, stats: BigIntStats): Buffer {
  const out = Buffer.alloc(88);
  const seconds = stats.mtimeMs / 1000n;
  [node, stats.size, stats.blocks, seconds, seconds, seconds].forEach((value, i) => out.writeBigUInt64LE(value, i * 8));
  const rest = Number(stats.mtimeNs % 1_000_000_000n);
  [rest, rest, rest, Number(stats.mode), 1, 0, 0, 0, 4096, 0].forEach((value, i) =>
    out.writeUInt32LE(value, 48 + i * 4),
  );
  return out;
}

function entries(offset: number): Buffer {
  const all = [".", "..", ...readdirSync(backing)].slice(offset);
  return Buffer.concat(
    all.map((name, i) => {
      const out = Buffer.alloc(24 + Math.ceil(name.length / 8) * 8);
      out.writeBigUInt64LE(nodeOf(name), 0);
      out.writeBigUInt64LE(BigInt(offset + i + 1), 8);
      out.writeUInt32LE(name.length, 16);
      out.writeUInt32LE(name.startsWith(".") ? 4 : 8, 20);
      out.write(name, 24);
      return out;
    }),
  );
}

function content(node: bigint, offset: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  const fd = openSync(join(backing, names[Number(node - ROOT)] ?? ""), "r");
  const length = readSync(fd, bytes, 0, size, offset);
  closeSync(fd);
  return bytes.subarray(0, length);
}

function answer(opcode: number, node: bigint, body: Buffer): Buffer | number {
  switch (opcode) {
    case 1: {
      const name = body.subarray(0, body.indexOf(0)).toString();
      const found = nodeOf(name);
      const stats = statOf(found);
      if (stats === undefined) return ENOENT;
      const out = Buffer.alloc(40);
      out.writeBigUInt64LE(found, 0);
      return Buffer.concat([out, attributes(found, stats)]);
    }
    case 3: {
      const stats = statOf(node);
      return stats === undefined ? ENOENT : Buffer.concat([Buffer.alloc(16), attributes(node, stats)]);
    }
    case 14: {
      // FOPEN_DIRECT_IO: each read goes to this process, not to the page cache. FOPEN_NOFLUSH: as with NFS, closing a file that
      // was only read asks nothing. Where a server is asked, even a killed process waits for its answer.
      const out = Buffer.alloc(16);
      out.writeUInt32LE(1 | 32, 8);
      return out;
    }
    case 15:
      return content(node, Number(body.readBigUInt64LE(8)), body.readUInt32LE(16));
    case 17:
      return Buffer.alloc(80);
    case 26: {
      const out = Buffer.alloc(64);
      [7, 31, 65536, 0].forEach((value, i) => out.writeUInt32LE(value, i * 4));
      out.writeUInt32LE(4096, 20);
      return out;
    }
    case 27:
      return Buffer.alloc(16);
    case 28:
      return entries(Number(body.readBigUInt64LE(8)));
    case 18:
    case 29:
      return Buffer.alloc(0);
    default:
      return ENOSYS;
  }
}

const request = Buffer.alloc(1 << 17);
let state: "answers" | "hangs" = "answers";

/** Reads the next request. @returns its length; undefined if there is none */
function next(): number | undefined {
  try {
    return readSync(device, request);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENODEV") process.exit(0);
    if (code !== "EAGAIN" && code !== "EINTR" && code !== "ENOENT") throw error;
    return undefined;
  }
}

function serve(): void {
  for (let length = next(); length !== undefined; length = next()) {
    const opcode = request.readUInt32LE(4);
    const said = answer(opcode, request.readBigUInt64LE(16), request.subarray(40, length));
    const body = typeof said === "number" ? Buffer.alloc(0) : said;
    const head = Buffer.alloc(16);
    head.writeUInt32LE(16 + body.length, 0);
    head.writeInt32LE(typeof said === "number" ? said : 0, 4);
    head.writeBigUInt64LE(request.readBigUInt64LE(8), 8);
    if (!NO_ANSWER.has(opcode)) writeSync(device, Buffer.concat([head, body]));
  }
}

// A process that waits for a request which the server has read but not answered cannot be killed. So a hanging server reads none.
setInterval(() => {
  if (state === "answers") serve();
}, 2);
process.on("SIGUSR2", () => {
  state = state === "answers" ? "hangs" : "answers";
  process.stdout.write(`${state}\n`);
});
process.stdout.write("mounted\n");
