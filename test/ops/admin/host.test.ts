import assert from "node:assert/strict";
import { test } from "node:test";
import { hostAllowed } from "../../../src/ops/admin/host.ts";

const HOSTS = ["Logs.Example.com"];

for (const host of [
  undefined,
  "localhost",
  "LOCALHOST:9650",
  "web.localhost:1",
  "127.0.0.1:9650",
  "10.2.3.4",
  "[::1]:9650",
  "[fe80::1]",
  "logs.example.com:9650",
]) {
  test(`allowed: ${host}`, () => assert.equal(hostAllowed(host, HOSTS), true));
}

for (const host of [
  "",
  "evil.example",
  "evil.example:9650",
  "localhost.evil.example",
  "127.0.0.1.evil.example",
  "notlogs.example.com",
  "[evil]",
  "[127.0.0.1]",
  "::1",
  "127.0.0.1:9650:1",
  "127.0.0.1@evil.example",
]) {
  test(`refused: ${JSON.stringify(host)}`, () => assert.equal(hostAllowed(host, HOSTS), false));
}
