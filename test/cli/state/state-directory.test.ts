import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeState, remove } from "../../helpers/state-directory.ts";
import type { Made } from "../../helpers/state-directory.ts";
import { runBin } from "../run-bin.ts";

let made: Made;
before(async () => void (made = await makeState()));
after(() => remove(made));

test("the directory of a configuration, and the words for the next command", async () => {
  const file = join(made.root, "spillway.yml");
  const output = `output: { hosts: ["http://127.0.0.1:9200"] }`;
  writeFileSync(
    file,
    `{ inputs: [{ id: app, paths: ["${made.log}"] }], buffer: { path: "${made.state}" }, ${output} }`,
  );
  const { code, err } = await runBin(["inspect", "-c", file]);
  assert.equal(code, 0);
  assert.match(err, new RegExp(`spillway losses list -c ${file}`));
  const wrong = await runBin(["losses", "list", "-c", join(made.root, "none.yml")]);
  assert.equal(wrong.code, 78);
  assert.match(wrong.err, /\[unreadable-file\]/);
});

test("nobody needs the secrets of a configuration to look, and everybody its place of the state", async () => {
  const file = join(made.root, "secret.yml");
  const configure = (path: string): void =>
    writeFileSync(
      file,
      JSON.stringify({
        inputs: [{ id: "app", paths: [made.log], fields: { at: "${SITE_NOT_SET}" } }],
        buffer: { path },
        output: {
          auth: { api_key: "${credential:es}" },
          tls: { ca: "${file:/root/none}", cert: "/none", key: "/none" },
        },
      }),
    );
  configure(made.state);
  for (const words of [["inspect"], ["losses", "list"], ["dead-letters", "list"], ["verify"]]) {
    const { code, err } = await runBin([...words, "-c", file]);
    assert.equal(code, 0, err);
  }
  assert.equal((await runBin(["check", "-c", file])).code, 78);
  configure("${STATE_NOT_SET}");
  const unknown = await runBin(["inspect", "-c", file]);
  assert.equal(unknown.code, 78);
  assert.match(unknown.err, /STATE_NOT_SET/);
});

test("where nothing is, one sentence says so", async () => {
  const missing = await runBin(["inspect", "--path", join(made.root, "nowhere")]);
  assert.equal(missing.code, 78);
  assert.match(missing.err, /^spillway: there is no state directory \S+nowhere; .* \[state-missing\]\n$/);
  const nothing = join(made.root, "nothing");
  mkdirSync(nothing);
  const empty = await runBin(["inspect", "--path", nothing]);
  assert.deepEqual([empty.code, empty.out, empty.err], [0, `${nothing}: nothing was ever stored here\n`, ""]);
  const document = JSON.parse((await runBin(["inspect", "--path", nothing, "--json"])).out);
  assert.deepEqual([document.sources, document.ledger.read], [[], { records: 0, bytes: 0 }]);
  const letters = await runBin(["dead-letters", "list", "--path", nothing]);
  assert.deepEqual([letters.code, letters.out], [0, "no dead letters\n"]);
});
