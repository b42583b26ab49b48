// `npm run pictures`: takes the README's screenshots of the page from the demo at its peak, in light and in dark mode. Run it by
// hand before a release, because the pictures differ in every run. Tests shorten it and put the pictures elsewhere:
//   node scripts/pictures.ts [--seconds 60] [--out docs/img]
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const ROOT = dirname(import.meta.dirname);
/** After this share of the demo the ladder is at its highest rung and the output is about to recover. */
const HEIGHT = 0.72;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    out: { type: "string", default: join(ROOT, "docs/img") },
  },
});

const demo = spawn(process.execPath, [join(ROOT, "bin/spillway.js"), "demo", "--seconds", values.seconds], {
  stdio: ["ignore", "pipe", "inherit"],
});
const ended = new Promise<never>((_, reject) => {
  demo.once("exit", (code) => reject(new Error(`the demo ended with ${code}, before the pictures were taken`)));
});
try {
  await Promise.race([takePictures(), ended]);
} finally {
  demo.removeAllListeners("exit").kill("SIGINT");
}

async function takePictures(): Promise<void> {
  const url = await new Promise<string>((resolve) => {
    createInterface({ input: demo.stdout }).on("line", (line) => {
      const found = /^dashboard +(http\S+)$/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  try {
    const pages = await Promise.all(
      (["light", "dark"] as const).map(async (colorScheme) => {
        const page = await browser.newPage({ viewport: { width: 1100, height: 640 }, colorScheme });
        await page.goto(url);
        return { colorScheme, page };
      }),
    );
    await setTimeout(1000 * Number(values.seconds) * HEIGHT);
    for (const { colorScheme, page } of pages)
      await page.screenshot({ path: join(values.out, `dashboard-${colorScheme}.png`) });
  } finally {
    await browser.close();
  }
}
