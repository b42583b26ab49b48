// The logs and states that other agents leave behind: the logs half shipped, the states with the inodes of these files.
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Sqlite from "better-sqlite3";

const FIXTURES = new URL("../../fixtures/import/", import.meta.url);

/** Lines of 100 bytes that the other agent has already shipped. */
export function oldLines(name: string, from: number, to: number): string {
  let text = "";
  for (let i = from; i < to; i++) text += `${`old ${name} ${i} `.padEnd(99, "x")}\n`;
  return text;
}

/** The logs as they were when the fixtures were recorded. */
export function writeFilebeatLogs(logs: string): void {
  const write = (name: string, text: string): void => writeFileSync(join(logs, name), text);
  write("a.log", oldLines("a.log", 0, 150));
  for (const name of ["b.log", "f.log", "g.log", "p.log"]) write(name, oldLines(name, 0, 130));
  for (const name of ["r.log", "s.log"]) write(`${name}.1`, oldLines(name, 0, 130));
  write("r.log", oldLines("r2.log", 0, 20));
  write("s.log", oldLines("s2.log", 0, 30));
  write("empty.log", "");
  write("half.log", "old whole line\n");
  write("cri.log", containerLines(0, 40));
}

/** Lines as containerd writes them, every fourth from stderr. */
export function containerLines(from: number, to: number, text = (i: number): string => `old ${i}`): string {
  const lines = Array.from({ length: to - from }, (_, k) => {
    const i = from + k;
    return `2026-11-24T20:00:0${i % 10}.000000000Z ${i % 4 === 3 ? "stderr" : "stdout"} F ${text(i)}\n`;
  });
  return lines.join("");
}

export function writeVectorLogs(logs: string): void {
  const write = (name: string, text: string): void => writeFileSync(join(logs, name), text);
  for (const name of ["a.log", "b.log", "c.log", "e.log"]) write(name, oldLines(name, 0, 130));
  write("h.log", `#Version: 1.0 header\n${oldLines("h", 0, 1)}`);
  write("long.log", `${"y".repeat(110_000)}\n`);
  write("pod.log", `${"z".repeat(40_000)}\n`);
}

/** Copies a fixture directory recursively, and fills in the values of this machine and of these logs. */
export function copyState(fixture: string, to: string, logs: string): void {
  const from = new URL(`${fixture}/`, FIXTURES);
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory()) copyState(`${fixture}/${entry.name}`, join(to, entry.name), logs);
    else writeFileSync(join(to, entry.name), fill(readFileSync(new URL(entry.name, from), "utf8"), logs));
  }
}

function fill(text: string, logs: string): string {
  const nowMs = Date.now();
  return text
    .replaceAll("{LOGS}", logs)
    .replaceAll("{DEVICE}", String(statSync(logs).dev))
    .replaceAll("{SECONDS}", String(Math.floor(nowMs / 1000)))
    .replaceAll("{TIME}", new Date(nowMs).toISOString())
    .replaceAll(/\{INODE:([^}]+)\}/g, (_, name: string) => String(statSync(join(logs, name)).ino));
}

export interface TailRow {
  readonly name: string;
  readonly offset: number | string | null;
  readonly inode: number | bigint;
  readonly created?: number;
  readonly rotated?: number;
  /** Fills the columns of newer versions. */
  readonly marker?: bigint;
}

/** The marker that Fluent Bit 5.1.1 stores for an offset behind lines that end with 31 x. */
export const X_MARKER = -4504526217442088660n;

/** Creates a database like that of Fluent Bit's tail input. @param columns further columns, after those that all versions have */
export function writeTailDatabase(file: string, rows: readonly TailRow[], columns: readonly string[] = []): void {
  const db = new Sqlite(file);
  db.pragma("journal_mode = WAL");
  const more = columns.map((column) => `, ${column} INTEGER DEFAULT 0`).join("");
  db.exec(`CREATE TABLE in_tail_files (id INTEGER PRIMARY KEY, name TEXT NOT NULL, offset INTEGER, inode INTEGER,
    created INTEGER, rotated INTEGER DEFAULT 0${more})`);
  const add = db.prepare("INSERT INTO in_tail_files (name, offset, inode, created, rotated) VALUES (?, ?, ?, ?, ?)");
  const now = Math.floor(Date.now() / 1000);
  for (const { name, offset, inode, created, rotated, marker } of rows) {
    const { lastInsertRowid: id } = add.run(name, offset, inode, created ?? now, rotated ?? 0);
    if (marker !== undefined)
      db.prepare("UPDATE in_tail_files SET offset_marker = ?, offset_marker_size = 32 WHERE id = ?").run(marker, id);
  }
  db.close();
}
