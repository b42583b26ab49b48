// An agent under pressure, as `spillway top` sees it after two ticks, and the expected screens.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import type { Row } from "../../../src/ops/events/history.ts";
import { type StatusDocument, statusDocument } from "../../../src/ops/status.ts";
import { TopState } from "../../../src/cli/top/state.ts";
import { sampleFacts, sampleProcess } from "../../ops/sample-facts.ts";

export const NOW = Date.parse("2026-01-01T00:04:27.000Z");

export function sampleStatus(changes: Partial<StatusDocument> = {}): StatusDocument {
  return { ...statusDocument(sampleFacts(), sampleProcess), ...changes };
}

export function sampleState(): TopState {
  const state = new TopState();
  const status = sampleStatus();
  const row = (at: number, flow: number, level: number): Row => [
    at,
    flow,
    flow,
    flow / 2,
    0.1,
    1,
    4,
    2,
    level,
    1,
    0,
    0,
  ];
  const fine = Array.from({ length: 60 }, (_, i) => row(i, i * 1000, i / 60));
  const history = { columns: [] as never, policies: ["default", "audit"], fine, coarse: [] };
  const lines = ["accept -> block", "block -> sample"].map((message, i) => ({
    at: NOW + i,
    level: "warn",
    event: "rung_entered",
    message,
  }));
  state.snapshot({ status, history, lines, switches: [], switched: null }, NOW - 1000);
  const { nginx } = status.inputs;
  assert.ok(nginx);
  const ledger = { ...nginx.ledger, read: { records: 1, bytes: nginx.ledger.read.bytes + 9_800_000 } };
  const process = { ...status.process, cpu_seconds_total: 0.82 };
  const inputs = { ...status.inputs, nginx: { ...nginx, ledger } };
  const read = { records: status.ledger.read.records + 58_200, bytes: status.ledger.read.bytes + 9_800_000 };
  const delivered = {
    records: status.ledger.delivered.records + 9900,
    bytes: status.ledger.delivered.bytes + 2_100_000,
  };
  const whole = { ...status.ledger, read, delivered, balance: { records: 0, bytes: 0 } };
  state.tick(
    { status: { ...status, process, inputs, ledger: whole }, row: row(61, 50_000, 0.87), switched: null },
    NOW,
  );
  return state;
}

/** Compares with a file in screens/. `UPDATE=1` rewrites the file. Times of day are in this machine's zone. */
export function assertScreen(name: string, lines: readonly string[]): void {
  const file = new URL(`screens/${name}.txt`, import.meta.url);
  const text = `${lines.map((line) => line.trimEnd().replace(/\b\d\d:\d\d:\d\d\b/g, "hh:mm:ss")).join("\n")}\n`;
  if (process.env["UPDATE"]) writeFileSync(file, text);
  assert.equal(text, readFileSync(file, "utf8"));
}
