// The demo's page: the same page as the agent's, plus controls that only the demo has.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, describe, test } from "node:test";
import { eventually } from "../../helpers/agent-process.ts";
import { Visit, launchBrowser, noBrowser } from "../../helpers/browser.ts";
import { ROOT } from "../../helpers/tree.ts";

async function demo(t: TestContext): Promise<{ readonly url: string; end(): Promise<number | null> }> {
  const directory = mkdtempSync(join(tmpdir(), "spillway-demo-"));
  const bin = join(ROOT, "bin/spillway.js");
  const child = spawn(process.execPath, [bin, "demo", "--seconds", "120"], {
    cwd: directory,
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => {
    child.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  });
  const said: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => said.push(line));
  const url = await eventually("the address of the page", () => /^dashboard +(http\S+)$/m.exec(said.join("\n"))?.[1]);
  return {
    url,
    async end() {
      child.kill("SIGINT");
      const [code] = (await once(child, "exit")) as [number | null];
      assert.deepEqual(readdirSync(directory), [], "nothing is left");
      return code;
    },
  };
}

describe("the demo's page", { skip: noBrowser }, () => {
  test("breaks the output and heals it", async (t) => {
    const { url, end } = await demo(t);
    const browser = await launchBrowser();
    t.after(() => browser.close());
    const visit = await Visit.open(browser, url);
    const button = (name: string): ReturnType<typeof visit.page.getByRole> =>
      visit.page.getByRole("button", { name, exact: true });
    const shows = (id: string, text: RegExp): Promise<unknown> =>
      eventually(`${text} in #${id}`, async () => text.test(await visit.text(id)), 30_000).catch(
        async (error: unknown) => {
          throw new Error(`${String(error)}; it says: ${await visit.text(id)}`);
        },
      );
    await shows("beacon", /^live/);
    await button("down").click();
    await shows("output", /state\s+down/);
    await eventually(
      "the switch that is on",
      async () => (await button("down").getAttribute("aria-pressed")) === "true",
    );
    // One failed request is enough for the state "down"; the log message needs more of them.
    await shows("events", /Trying again every/);
    await button("heal").click();
    await shows("output", /state\s+up/);
    await shows("events", /output answers again/);
    await visit.close();
    assert.equal(await end(), 0);
  });

  test("lets nobody else switch", async (t) => {
    const { url, end } = await demo(t);
    const press = (headers: Readonly<Record<string, string>>, method = "POST"): Promise<number> =>
      fetch(`${url}demo/switch?key=3`, { method, headers }).then(({ status }) => status);
    assert.equal(await press({}), 403);
    assert.equal(await press({ origin: "http://evil.example" }), 403);
    assert.equal(await press({}, "GET"), 405);
    assert.equal(await press({ origin: new URL(url).origin }), 204);
    assert.equal(await end(), 0);
  });
});
