// A real browser: Chromium from the system, driven by playwright. Collects everything the page does wrong (errors, refused
// resources, requests to other hosts) and fails the test unless the test expects it.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { type Browser, type Page, chromium } from "playwright-core";

const PROGRAM = "/usr/bin/chromium";

export const noBrowser: string | false =
  !existsSync(PROGRAM) && process.env["CI"] !== "true" && "Chromium is not installed; apt-get install chromium";

export interface View {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: "light" | "dark";
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: PROGRAM, args: ["--no-sandbox"] });
}

export class Visit {
  readonly page: Page;
  private readonly faults: string[] = [];
  private readonly asked = new Set<string>();

  private constructor(page: Page) {
    this.page = page;
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.faults.push(message.text());
    });
    page.on("pageerror", (error) => this.faults.push(String(error)));
    page.on("dialog", (dialog) => {
      this.faults.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => this.asked.add(new URL(request.url()).origin));
  }

  static async open(
    browser: Browser,
    url: string,
    { width = 1280, height = 900, scheme = "light" }: View = {},
  ): Promise<Visit> {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme });
    const visit = new Visit(page);
    await page.goto(url);
    return visit;
  }

  text(id: string): Promise<string> {
    return this.page.locator(`#${id}`).innerText();
  }

  /** @param expected messages that are no failure in this test */
  async close(expected: RegExp = /^$/): Promise<void> {
    const own = new URL(this.page.url()).origin;
    await this.page.close();
    assert.deepEqual(
      this.faults.filter((fault) => !expected.test(fault)),
      [],
    );
    assert.deepEqual(
      [...this.asked].filter((origin) => origin !== own && origin !== "null"),
      [],
      "it asked another host",
    );
  }
}
