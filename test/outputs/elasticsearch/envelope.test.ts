import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import { renderEnvelope } from "../../../src/outputs/elasticsearch/envelope.ts";

function document(
  fields: Record<string, unknown>,
  facts: { path?: string; host?: string; input?: string } = {},
): unknown {
  const { path = "/var/log/a.log", host = "web-1", input = "nginx" } = facts;
  const text = renderEnvelope({ id: 1, input, path, host, fields, index: "x", policy: "default" });
  const json = `{"@timestamp":"T","message":"m${text.path}42${text.level}${text.close}${text.tail}`;
  assert.ok(json.endsWith("}\n") && json.indexOf("\n") === json.length - 1);
  const keys = [...json.matchAll(/"((?:[^"\\]|\\.)*)":/g)].map((match) => match[1]);
  assert.ok(keys.filter((key) => key === "log" || key === "@timestamp").length >= 2);
  return JSON.parse(json);
}

const OURS = {
  "@timestamp": "T",
  message: "m",
  log: { file: { path: "/var/log/a.log" }, offset: 42 },
  host: { name: "web-1" },
  event: { dataset: "nginx" },
};

test("a document has the names of the common schema", () => {
  assert.deepEqual(document({}), OURS);
});

test("constant fields with dots become objects", () => {
  assert.deepEqual(document({ "service.name": "shop", "service.version": "2", team: "a", tags: ["x", 1] }), {
    ...OURS,
    service: { name: "shop", version: "2" },
    team: "a",
    tags: ["x", 1],
  });
});

test("objects that we have too are shared; what is the same thing stays ours", () => {
  const fields = {
    "host.os": "linux",
    "host.name": "forged",
    "event.module": "nginx",
    "log.file.device": "1",
    "log.level": "info",
    "log.offset": -1,
    "log.file.path": "/forged",
    "@timestamp": "1970",
    message: "forged",
  };
  assert.deepEqual(document(fields), {
    ...OURS,
    log: { file: { path: "/var/log/a.log", device: "1" }, offset: 42, level: "info" },
    host: { os: "linux", name: "web-1" },
    event: { module: "nginx", dataset: "nginx" },
  });
});

test("a constant level stands apart, as a record's own takes its place", () => {
  const fields = { "log.level": "info", "log.logger": "shop" };
  const text = renderEnvelope({ id: 1, input: "i", path: "/p", host: "h", fields, index: "x", policy: "p" });
  assert.equal(text.level, ',"level":"info"');
  assert.equal(text.close, ',"logger":"shop"}');
});

test("a field that would take our object's place gives way", () => {
  assert.deepEqual(document({ host: "web", log: "x", event: ["a"] }), OURS);
});

test("nested and dotted ways of writing meet", () => {
  assert.deepEqual(document({ service: { name: "a" }, "service.id": 1, "a.b": 1, a: { c: { "d.e": 2 } } }), {
    ...OURS,
    service: { name: "a", id: 1 },
    a: { b: 1, c: { d: { e: 2 } } },
  });
});

test("any fields give one line of JSON, with ours in place", () => {
  const key = fc.oneof(
    fc.constantFrom(
      "log",
      "host.name",
      "log.file",
      "event.dataset",
      "__proto__",
      "constructor.x",
      "a..b",
      "",
      "message",
    ),
    fc.string({ unit: "binary", maxLength: 10 }),
  );
  fc.assert(
    fc.property(
      fc.dictionary(key, fc.jsonValue()),
      fc.string({ unit: "binary" }),
      fc.string(),
      (fields, path, host) => {
        const text = renderEnvelope({
          id: 1,
          input: "i",
          path,
          host,
          fields: fields as never,
          index: "x",
          policy: "p",
        });
        const json = `{"@timestamp":"T","message":"m${text.path}42${text.level}${text.close}${text.tail}`;
        assert.equal(json.indexOf("\n"), json.length - 1);
        const parsed = JSON.parse(json) as typeof OURS;
        assert.equal(parsed.log.offset, 42);
        assert.equal(parsed.log.file.path, path.toWellFormed() === path ? path : parsed.log.file.path);
        assert.equal(parsed.host.name, host);
        assert.equal(parsed.event.dataset, "i");
        assert.equal(parsed["@timestamp"], "T");
      },
    ),
  );
});
