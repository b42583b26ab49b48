// The status page at `/` in a real browser, served by a real agent.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { systemClock } from "../../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../../src/sandbox/faults.ts";
import { type AgentProcess, Workplace, eventually } from "../../helpers/agent-process.ts";
import { Visit, launchBrowser, noBrowser } from "../../helpers/browser.ts";
import { Numbered } from "../../helpers/numbered.ts";

/** Errors that a browser reports when a connection ends. */
const LOST =
  /ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|net::ERR_FAILED/;

interface Scene {
  readonly place: Workplace;
  readonly server: BulkServer;
  readonly numbered: Numbered;
  readonly url: string;
  agent: AgentProcess;
  configure(sections?: Readonly<Record<string, unknown>>): void;
}

async function scene(t: TestContext, sections: Readonly<Record<string, unknown>> = {}): Promise<Scene> {
  const place = new Workplace();
  const server = await startSandbox({}, systemClock);
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  const port = await freePort();
  const configure = (more: Readonly<Record<string, unknown>> = {}): void =>
    place.configure(server.url, {
      output: { batch: { age: "50ms" } },
      admin: { listen: `127.0.0.1:${port}` },
      ...sections,
      ...more,
    });
  configure();
  const agent = place.run();
  await agent.url();
  return { place, server, numbered: new Numbered(), url: `http://127.0.0.1:${port}/`, agent, configure };
}

describe("the page", { skip: noBrowser }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  const shows = (visit: Visit, id: string, text: RegExp, patienceMs?: number): Promise<string> =>
    eventually(
      `${text} in #${id}`,
      async () => {
        const seen = await visit.text(id);
        return text.test(seen) ? seen : undefined;
      },
      patienceMs,
    ).catch(async (error: unknown) => {
      throw new Error(`${String(error)}; it says: ${await visit.text(id)}`);
    });

  test("is there in one request, and live within a second or two", async (t) => {
    const { url, agent } = await scene(t);
    const visit = await Visit.open(browser, url);
    const [timing] = JSON.parse(
      await visit.page.evaluate(() => JSON.stringify(performance.getEntriesByType("navigation"))),
    ) as [{ domContentLoadedEventEnd: number; transferSize: number }];
    t.diagnostic(`loaded in ${timing.domContentLoadedEventEnd.toFixed(0)} ms, ${timing.transferSize} bytes`);
    assert.ok(timing.transferSize < 60_000);
    await shows(visit, "beacon", /^live/);
    await shows(visit, "headline", /● ACCEPT everything is taken, nothing is lost/);
    assert.match(await visit.page.title(), /^● ACCEPT 0 % /);
    assert.match(await visit.text("output"), /elasticsearch 8\.19\.0/);
    await visit.close();
    assert.deepEqual(await agent.stop(), { code: 0, signal: null });
  });

  test("says where every byte is, as it moves", async (t) => {
    const { url, place, numbered } = await scene(t);
    const visit = await Visit.open(browser, url);
    await shows(visit, "beacon", /^live/);
    numbered.append(join(place.logs, "a.log"), 12_345);
    await shows(visit, "ledger", /delivered\s+12,345\s+1\.2 MB\s+100\.0 %/);
    await shows(visit, "inputs", /app\s+1\s+\d/);
    await shows(visit, "ledger", /balance\s+0\s+0 B\s+always 0/);
    await shows(visit, "losses", /nothing was lost/);
    const drawn = await visit.page.evaluate(() =>
      [...document.querySelectorAll<HTMLCanvasElement>("canvas")].map(({ width, height }) => width * height > 10_000),
    );
    assert.deepEqual(drawn, [true, true, true]);
    await visit.close();
  });

  test("says what a ladder does, why, and what to do, and that it is over", async (t) => {
    const { url, place, server, numbered } = await scene(t, {
      buffer: { disk: "16MiB" },
      policies: { default: [{ action: "block", enter: "10%", leave: "5%" }] },
    });
    const visit = await Visit.open(browser, url);
    await server.change(parseFaults("down"));
    for (let i = 0; i < 40; i++) numbered.append(join(place.logs, `${i}.log`), 10_000, 200);
    await shows(visit, "headline", /▲ BLOCK for .*: reading waits, nothing is lost/, 30_000);
    await shows(visit, "why", /Why: .*What to do: spillway check --connect/);
    assert.match(await visit.page.title(), /^▲ BLOCK \d+ % /);
    assert.match((await visit.page.locator("#level").getAttribute("aria-label")) ?? "", /default \d+ % block/);
    await shows(visit, "events", /rung|block/);
    assert.equal(await visit.page.locator("#verdict").getAttribute("class"), "block");
    await server.change(NO_FAULTS);
    await shows(visit, "headline", /● ACCEPT everything is taken, nothing is lost/, 60_000);
    await visit.close();
  });

  test("shows what comes from outside as text", async (t) => {
    const evil = '<img src=x onerror="alert(1)">';
    const place = new Workplace();
    mkdirSync(join(place.logs, evil), { recursive: true });
    t.after(() => place.remove());
    const { url, server, configure, agent } = await scene(t);
    await server.change(parseFaults("401"));
    configure({ inputs: [{ id: "app", paths: [join(place.logs, evil, "*.log")] }] });
    agent.signal("SIGHUP");
    await agent.hears("reloaded");
    const visit = await Visit.open(browser, url);
    await shows(visit, "events", /no file matches .*<img src=x onerror="alert\(1\)">/);
    assert.equal(await visit.page.locator("img").count(), 0);
    await visit.close();
  });

  test("knows when the agent is gone, and when it is back", async (t) => {
    const made = await scene(t);
    const visit = await Visit.open(browser, made.url);
    await shows(visit, "beacon", /^live/);
    await made.agent.kill();
    await shows(visit, "beacon", /^stale since \d\d:\d\d:\d\d, trying again/);
    made.agent = made.place.run();
    await made.agent.url();
    await shows(visit, "beacon", /^live/, 40_000);
    made.agent.signal("SIGTERM");
    await shows(visit, "beacon", /the agent has stopped|stale/);
    await visit.close(LOST);
  });

  test("lets go of its stream while nobody looks at it", async (t) => {
    const { url, place, numbered } = await scene(t);
    const visit = await Visit.open(browser, url);
    await shows(visit, "beacon", /^live/);
    const hide = (hidden: boolean): Promise<void> =>
      visit.page.evaluate((value) => {
        Object.defineProperty(document, "hidden", { configurable: true, value });
        document.dispatchEvent(new Event("visibilitychange"));
      }, hidden);
    await hide(true);
    numbered.append(join(place.logs, "a.log"), 777);
    await systemClock.sleep(2500);
    assert.doesNotMatch(await visit.text("ledger"), /777/);
    await hide(false);
    await shows(visit, "ledger", /delivered\s+777/);
    await visit.close();
  });

  test("is used by the keyboard, and its range stands in the address", async (t) => {
    const { url } = await scene(t);
    const visit = await Visit.open(browser, url);
    await shows(visit, "beacon", /^live/);
    await visit.page.keyboard.press("Tab");
    await visit.page.keyboard.press("Tab");
    await visit.page.keyboard.press("Enter");
    assert.equal(new URL(visit.page.url()).searchParams.get("range"), "1h");
    assert.equal(await visit.page.locator("button[aria-pressed=true]").first().innerText(), "1h");
    for (const size of await visit.page.locator("button").all()) {
      const box = await size.boundingBox();
      assert.ok(box !== null && (box.width >= 44 || box.width === 0) && box.height >= 44, JSON.stringify(box));
    }
    await visit.close();
  });

  test("fits a phone, in light and in dark, with text that can be read", async (t) => {
    const { url, place, numbered } = await scene(t);
    numbered.append(join(place.logs, "a.log"), 1000);
    for (const scheme of ["light", "dark"] as const) {
      const visit = await Visit.open(browser, url, { width: 390, height: 844, scheme });
      await shows(visit, "ledger", /delivered\s+1,000/);
      const wide = await visit.page.evaluate(() =>
        [...document.querySelectorAll("body *")]
          .filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1)
          .map(
            (element) => `${element.tagName} ${element.id} ${element.className} ${element.textContent?.slice(0, 60)}`,
          ),
      );
      assert.deepEqual(wide, [], "beyond the right edge");
      assert.ok((await contrast(visit, "headline")) >= 7);
      assert.ok((await contrast(visit, "process")) >= 4.5);
      await visit.close();
    }
  });

  test("says all of it without a script, by links", async (t) => {
    const { url } = await scene(t);
    const page = await browser.newPage({ javaScriptEnabled: false });
    await page.goto(url);
    assert.match(await page.locator("noscript").innerText(), /\/status has everything/);
    await page.close();
  });

  test("costs the agent little, with 100 inputs", async (t) => {
    const { url, agent, place } = await scene(t);
    place.configure("http://127.0.0.1:1", {
      inputs: Array.from({ length: 100 }, (_, i) => ({ id: `app-${i}`, paths: [join(place.logs, `${i}.log`)] })),
      admin: { listen: new URL(url).host },
    });
    agent.signal("SIGHUP");
    await agent.hears("reloaded");
    const cpu = async (): Promise<number> => {
      const status = await agent.status();
      return (status as unknown as { process: { cpu_seconds_total: number } }).process.cpu_seconds_total;
    };
    const over = async (ms: number): Promise<number> => {
      const [from, at] = [await cpu(), systemClock.now()];
      await systemClock.sleep(ms);
      return (100 * 1000 * ((await cpu()) - from)) / (systemClock.now() - at);
    };
    await systemClock.sleep(2000);
    const alone = await over(8000);
    const visit = await Visit.open(browser, url);
    await shows(visit, "inputs", /app-99/);
    await systemClock.sleep(2000);
    const watched = await over(8000);
    t.diagnostic(`${alone.toFixed(2)} % of a core alone, ${watched.toFixed(2)} % with the page open`);
    assert.ok(watched < 5, `${watched} % of a core`);
    await visit.close();
  });
});

/** Contrast ratio of an element's text and its background, as WCAG defines it. */
async function contrast(visit: Visit, id: string): Promise<number> {
  const [front, back] = await visit.page.evaluate((name) => {
    let element = document.getElementById(name) as HTMLElement;
    const { color } = getComputedStyle(element);
    let behind = getComputedStyle(element).backgroundColor;
    while (behind.endsWith(", 0)")) {
      element = element.parentElement as HTMLElement;
      behind = getComputedStyle(element).backgroundColor;
    }
    return [color, behind];
  }, id);
  const luminance = (css: string): number => {
    const [r = 0, g = 0, b = 0] = (css.match(/[\d.]+/g) ?? []).map((n) => {
      const value = Number(n) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [a, b] = [luminance(front as string), luminance(back as string)].sort((x, y) => y - x) as [number, number];
  return (a + 0.05) / (b + 0.05);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
