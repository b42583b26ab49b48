// Puts secrets everywhere the configuration takes one, and searches for them in everything the agent writes, serves or stores:
// its log at the most verbose level, the output of its commands, its pages, its state directory. Searches for every encoding
// in which a secret could appear.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type Server, createServer, request as ask } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, after, describe, test } from "node:test";
import { runBin } from "../cli/run-bin.ts";
import { COMMANDS } from "../../src/cli/program/commands.ts";
import { main } from "../../src/cli/main.ts";
import { systemClock } from "../../src/core/clock.ts";
import { startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { Workplace } from "../helpers/agent-process.ts";

const SECRET = "pl4nted/S3cret+Value=";
const NAME = "planted-user";

const directory = mkdtempSync(join(tmpdir(), "spillway-secrets-"));
after(() => rmSync(directory, { recursive: true }));
const file = join(directory, "secret");
writeFileSync(file, `${SECRET}\n`);
process.env["PLANTED_KEY"] = SECRET;
process.env["SPILLWAY_DEBUG"] = "1";

/** Every encoding in which the secret is searched for. */
const FORMS: readonly (readonly [name: string, text: string])[] = [
  ["as it is", SECRET],
  ["in JSON", JSON.stringify(SECRET).slice(1, -1)],
  ["in a URL", encodeURIComponent(SECRET)],
  ["in base64", Buffer.from(SECRET).toString("base64").replace(/=+$/, "")],
  ["as Basic credentials", Buffer.from(`${NAME}:${SECRET}`).toString("base64").replace(/=+$/, "")],
  ["in hex", Buffer.from(SECRET).toString("hex")],
];

class Search {
  private readonly seen: string[] = [];
  private bytes = 0;

  look(where: string, content: string | Buffer): void {
    const bytes = Buffer.from(content);
    this.bytes += bytes.length;
    for (const [name, text] of FORMS) if (bytes.includes(text)) this.seen.push(`${where}, ${name}`);
  }

  end(t: TestContext): void {
    t.diagnostic(`${this.bytes} bytes searched`);
    assert.ok(this.bytes > 1000, "there was something to search");
    assert.deepEqual(this.seen, []);
  }
}

test("the search finds every form of it", () => {
  for (const [, text] of FORMS) {
    const search = new Search();
    search.look("here", `before ${text} behind`);
    assert.throws(() => search.end({ diagnostic: () => {} } as unknown as TestContext));
  }
});

/** The output of a command, which runs in this process because a test runs ten of them. */
async function printed(args: readonly string[]): Promise<string> {
  let text = "";
  const print = (line: string): void => void (text += `${line}\n`);
  const paint = (_: unknown, line: string): string => line;
  const terminal = { out: print, err: print, paintOut: paint, paintErr: paint, isTty: false, columns: 80 };
  await main(args, { ...terminal, json: args.includes("--json") }, COMMANDS);
  return text;
}

/** A proxy for plain HTTP requests. */
async function forwarding(): Promise<Server> {
  const server = createServer((request, response) => {
    const { url = "", method = "", headers } = request;
    const onward = ask(url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode as number, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const PROXY = `http://${NAME}:${encodeURIComponent(SECRET)}@127.0.0.1:PORT`;

function withPort(output: object, proxy: Server): object {
  const { port } = proxy.address() as AddressInfo;
  return JSON.parse(JSON.stringify(output).replace("PORT", String(port))) as object;
}

/** Output configurations that contain the secret. */
const PLANTED: readonly (readonly [name: string, output: Readonly<Record<string, unknown>>])[] = [
  ["an API key from the environment", { auth: { api_key: "${PLANTED_KEY}" } }],
  ["an API key from a file", { auth: { api_key: `\${file:${file}}` } }],
  ["a password", { auth: { username: NAME, password: "${PLANTED_KEY}" } }],
  ["a password in the file itself", { auth: { username: NAME, password: SECRET } }],
  ["a bearer token", { auth: { bearer: "${PLANTED_KEY}" } }],
  ["a header in the file itself", { headers: { "x-token": SECRET } }],
  ["a proxy's password", { proxy: PROXY }],
];

describe("no output has the secret", { concurrency: 2 }, () => {
  for (const [name, output] of PLANTED) {
    test(name, async (t) => {
      const place = new Workplace();
      const server = await startSandbox({ faults: parseFaults("401") }, systemClock);
      const proxy = await forwarding();
      t.after(async () => {
        proxy.closeAllConnections();
        proxy.close();
        await server.stop();
        place.remove();
      });
      place.configure(server.url, {
        output: { ...withPort(output, proxy), batch: { age: "50ms" } },
        policies: { default: [{ action: "block", enter: "80%", leave: "70%", notify: ["true", `--token=${SECRET}`] }] },
        log: { level: "debug" },
        shutdown: { grace: "1s" },
      });
      writeFileSync(join(place.logs, "a.log"), "one\ntwo ERROR refused\n".repeat(100));
      const search = new Search();
      const command = async (...args: readonly string[]): Promise<void> => {
        search.look(args.join(" "), await printed(args));
      };
      const config = ["-c", place.config];
      const agent = place.run();
      await agent.hears("output_down");
      await command("check", ...config, "--connect");
      await command("check", ...config, "--json", "--connect");
      const url = await agent.url();
      const pages = async (): Promise<void> => {
        for (const page of ["", "status", "metrics", "healthz", "readyz"])
          search.look(`/${page}`, await (await fetch(url + page)).text());
        const events = (await fetch(`${url}events`)).body?.getReader();
        search.look("/events", (await events?.read())?.value ?? "");
        await events?.cancel();
      };
      await pages();
      await server.change(parseFaults("mapping=ERROR"));
      await agent.until(
        "all settled",
        ({ ledger }) => ledger.dead_lettered.records > 0 && ledger.buffered.records === 0,
      );
      await server.change(NO_FAULTS);
      await pages();
      agent.signal("SIGUSR1");
      await agent.hears("status");
      agent.signal("SIGHUP");
      await agent.hears("reloaded");
      writeFileSync(place.config, readFileSync(place.config, "utf8").replace('"paths"', '"pathz"'));
      agent.signal("SIGHUP");
      await agent.hears("reload_refused");
      await command("check", ...config);
      await command("inspect", "--path", place.state, "--json");
      await command("dead-letters", "list", "--path", place.state);
      await command("dead-letters", "show", "1", "--path", place.state);
      await command("losses", "list", "--path", place.state);
      await agent.stop();
      search.look("the agent's log", [...agent.log.map((line) => JSON.stringify(line)), ...agent.said].join("\n"));
      for (const entry of readdirSync(place.state))
        search.look(`the state's ${entry}`, readFileSync(join(place.state, entry)));
      search.end(t);
    });
  }
});

test("a crash says nothing of it either", async (t) => {
  const search = new Search();
  const config = join(directory, "wrong.yml");
  const faulty = [
    `output: { hosts: ["http://${NAME}:${encodeURIComponent(SECRET)}@127.0.0.1:9"] }\ninputs: [{ id: a, paths: [/x] }]\n`,
    `output: { hosts: ["http://127.0.0.1:9"], auth: { api_key: [${JSON.stringify(SECRET)}] } }\ninputs: [{ id: a, paths: [/x] }]\n`,
    `output: { hosts: ["http://127.0.0.1:9"], auth: { apikey: ${JSON.stringify(SECRET)} } }\ninputs: [{ id: a, paths: [/x] }]\n`,
    `output: { hosts: ["\${PLANTED_KEY}"], compression: "\${PLANTED_KEY}" }\ninputs: [{ id: a, paths: [/x] }]\n`,
  ];
  for (const text of faulty) {
    writeFileSync(config, text);
    for (const args of [["check"], ["check", "--json"], ["run"], ["inspect"]]) {
      const { out, err } = await runBin(
        [...args, "-c", config],
        { PLANTED_KEY: SECRET, SPILLWAY_DEBUG: "1" },
        directory,
      );
      search.look(`${args.join(" ")} of ${text}`, out + err);
    }
  }
  search.end(t);
});
