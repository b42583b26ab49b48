import assert from "node:assert/strict";
import { test } from "node:test";
import { TopState } from "../../../src/cli/top/state.ts";
import { RETIRED } from "../../../src/ops/facts.ts";
import { statusDocument } from "../../../src/ops/status.ts";
import { sampleFacts, sampleInput, sampleProcess } from "../../ops/sample-facts.ts";
import { sampleState, sampleStatus } from "./scene.ts";

const ids = (state: TopState): string[] => state.inputs().map(({ id }) => id);

test("two statuses give rates; the first one alone gives none", () => {
  const state = sampleState();
  assert.equal(state.rates?.in, 9_800_000);
  assert.ok(Math.abs((state.cpu ?? 0) - 0.41) < 1e-9);
  assert.equal(state.inputs().find(({ id }) => id === "nginx")?.rate, 9_800_000);
  const fresh = new TopState();
  const history = { columns: [] as never, policies: [], fine: [], coarse: [] };
  fresh.snapshot({ status: sampleStatus(), history, lines: [], switches: [], switched: null }, 0);
  assert.equal(fresh.rates, undefined);
  assert.equal(fresh.inputs()[0]?.rate, undefined);
});

test("inputs are in the order that was chosen, and those that were asked for", () => {
  const state = sampleState();
  const other = 'quoted"\\\n';
  assert.deepEqual(ids(state), [other, "nginx"]);
  state.key("s");
  assert.equal(state.sort, "rate");
  assert.deepEqual(ids(state), ["nginx", other]);
  for (const key of ["/", "N", "g", "x", "\x7f", "i", "\r"]) state.key(key);
  assert.deepEqual([state.filter, state.typing], ["Ngi", false]);
  assert.deepEqual(ids(state), ["nginx"]);
  state.key("/");
  state.key("\x1b");
  assert.equal(ids(state).length, 2);
});

test("inputs that are not configured any more come last", () => {
  const state = new TopState();
  const status = statusDocument(
    sampleFacts({ inputs: new Map(["a", RETIRED].map((id) => [id, sampleInput(1)])) }),
    sampleProcess,
  );
  const history = { columns: [] as never, policies: [], fine: [], coarse: [] };
  state.snapshot({ status, history, lines: [], switches: [], switched: null }, 0);
  for (const sort of ["lag", "rate", "at risk", "name"]) {
    assert.deepEqual([state.sort, ...ids(state)], [sort, "a", RETIRED]);
    state.key("s");
  }
});

test("pages come and go by their keys; q and Ctrl-C leave", () => {
  const state = sampleState();
  state.key("e");
  assert.equal(state.page, "events");
  state.key("l");
  assert.equal(state.page, "losses");
  state.key("l");
  assert.equal(state.page, "main");
  assert.equal(state.key("x"), true);
  assert.equal(state.key("q"), false);
  assert.equal(state.key("\x03"), false);
  state.key("/");
  assert.equal(state.key("q"), true, "it is typed into the filter");
  assert.equal(state.key("\x03"), false);
});

test("a picture that is held does not change", () => {
  const state = sampleState();
  state.key(" ");
  const before = state.status;
  state.tick({ status: sampleStatus({ uptime_seconds: 99 }), row: [], switched: null }, 1e12);
  assert.equal(state.status, before);
  state.key(" ");
  state.tick({ status: sampleStatus({ uptime_seconds: 99 }), row: [], switched: null }, 1e12);
  assert.equal(state.status?.uptime_seconds, 99);
});
