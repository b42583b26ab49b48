// `spillway setup` as a command. What it writes to the server is tested in test/outputs/elasticsearch/setup/setup.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setup } from "../../src/cli/setup.ts";
import { systemClock } from "../../src/core/clock.ts";
import { startSandbox } from "../../src/sandbox/bulk-server.ts";
import { runBin } from "./run-bin.ts";

test("against a stand-in: the dry run prints a request, the run says what is there", async (t) => {
  const server = await startSandbox({}, systemClock);
  t.after(() => server.stop());
  const inputs = 'inputs=[{id: a, paths: ["/a"]}]';
  const words = [setup.name, "--set", `output.hosts=${server.url}`, "--set", inputs, "-c", "/dev/null"];
  const dry = await runBin([...words, "--dry-run", "--retention", "7d"]);
  assert.equal(dry.code, 0, dry.err);
  assert.match(dry.out, /^# index template for logs-generic-default\nPUT \/_index_template\/spillway\n\{/);
  assert.match(dry.err, /nothing was changed\n$/);
  const real = await runBin(words);
  assert.equal(real.code, 0, real.err);
  assert.match(real.err, /elasticsearch 8\.19\.0: index template for logs-generic-default is there/);
  assert.equal((await runBin([...words, "--retention", "soon"])).code, 64);
});
