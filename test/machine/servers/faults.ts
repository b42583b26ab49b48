// Faults of a real server, and an agent that ships numbered lines through them. Each fault has an input, a log file and an index of
// its own, and one input more goes to an index that nothing happens to. The server itself is tight all the time: one thread for
// writing, a queue of one for it, and small requests.
import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type AgentProcess, Workplace } from "../../helpers/agent-process.ts";
import type { Elasticsearch } from "../../helpers/elasticsearch.ts";
import type { Status } from "../../../src/ops/status.ts";
import { Numbered } from "../../helpers/numbered.ts";

export const TIGHT = {
  "node.processors": "1",
  "thread_pool.write.size": "1",
  "thread_pool.write.queue_size": "1",
  "http.max_content_length": "200kb",
};

export interface Fault {
  /** Also the name of the input and of the index. */
  readonly name: string;
  readonly begin: (server: Elasticsearch) => Promise<unknown>;
  readonly end: (server: Elasticsearch) => Promise<unknown>;
  /** What the agent says about the index meanwhile. */
  readonly says: RegExp;
}

/** Settings of the cluster or of an index; null takes a setting back. */
export async function set(server: Elasticsearch, path: string, settings: unknown): Promise<void> {
  const { status, body } = await server.request("PUT", path, settings);
  assert.equal(status, 200, JSON.stringify(body));
}

const shards = (value: number | null): object => ({ persistent: { "cluster.max_shards_per_node": value } });

function blocked(name: string, block: string, says: RegExp): Fault {
  return {
    ...{ name, says },
    begin: (server) => set(server, `/${name}`, { settings: { [`index.blocks.${block}`]: true } }),
    end: (server) => set(server, `/${name}/_settings`, { [`index.blocks.${block}`]: null }),
  };
}

export const FAULTS: readonly Fault[] = [
  {
    name: "beyond-the-shard-limit",
    begin: (server) => set(server, "/_cluster/settings", shards(1)),
    end: (server) => set(server, "/_cluster/settings", shards(null)),
    says: /this action would add .* cluster\.max_shards_per_node/,
  },
  blocked("write-block", "write", /index\.blocks/),
  blocked("full-disk", "read_only_allow_delete", /free space/),
];

/** Lines of a log per step, and their bytes. */
const LINES = 500;
const WIDTH = 200;
const FILLS_QUEUE = 400;
/** Enough that the power is cut off before all are stored. */
const MANY = 2000;
/** Their documents are more than a request may hold. */
const LARGE = 2000;
const REFUSED = 20;

/** Ships numbered lines through all faults, with one agent, and asserts that each line is stored once. */
export async function shipThrough(
  t: TestContext,
  server: Elasticsearch,
  faults: readonly Fault[],
  output: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const journey = new Journey(server, [...faults.map(({ name }) => name), "queue", "large", "power"], output);
  t.after(() => journey.place.remove());
  await set(server, "/healthy", { mappings: { properties: { number: { type: "long" } } } });
  await set(server, "/queue", { settings: { "index.number_of_shards": 5 } });
  const agent = journey.place.run();
  for (const fault of faults) await journey.through(agent, fault);

  // Each body goes to five shards, by one thread with a queue of one.
  journey.append("queue", FILLS_QUEUE);
  const { requests, items } = (await journey.stored(agent, ["queue"])).output;
  assert.ok(items.retry + requests.failures.busy > 0, "the queue was never full");
  const { delivered, duplicates } = (await agent.status())!.ledger;
  const before = delivered.records + duplicates.records;
  journey.append("power", MANY);
  await agent.until("a part of it is stored", ({ ledger }) => ledger.delivered.records > before);
  await server.cutPower(async () => {
    // What gathers meanwhile makes bodies that are too large.
    journey.append("large", LARGE);
    await agent.until("the agent misses the server", ({ output: { up } }) => !up);
  });
  journey.refuse(REFUSED);
  const all = await journey.stored(agent, journey.names);
  assert.ok(all.output.requests.failures.indigestible > 0, "no body was too large");
  await agent.until("refused", ({ ledger }) => ledger.dead_lettered.records === REFUSED);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });

  await journey.account(REFUSED);
}

/** The logs, each with an index of its own, and the account of them. */
class Journey {
  readonly place = new Workplace();
  private readonly server: Elasticsearch;
  private readonly logs = new Map<string, Numbered>();

  constructor(server: Elasticsearch, names: readonly string[], output: Readonly<Record<string, unknown>>) {
    this.server = server;
    for (const name of ["healthy", ...names]) this.logs.set(name, new Numbered());
    const inputs = this.names.map((id) => ({ id, paths: [this.path(id)], index: id }));
    const refused = { id: "refused", paths: [this.path("refused")], index: "healthy", fields: { number: "none" } };
    this.place.configure(server.url, { inputs: [...inputs, refused], output: { batch: { age: "50ms" }, ...output } });
  }

  get names(): readonly string[] {
    return [...this.logs.keys()];
  }

  private path(name: string): string {
    return join(this.place.logs, `${name}.log`);
  }

  private log(name: string): Numbered {
    return this.logs.get(name) as Numbered;
  }

  append(name: string, lines = LINES): void {
    this.log(name).append(this.path(name), lines, WIDTH);
  }

  /** Writes lines whose documents fit no mapping. */
  refuse(lines: number): void {
    new Numbered().append(this.path("refused"), lines);
  }

  /** Waits until everything written to these logs is stored. */
  stored(agent: AgentProcess, names: readonly string[]): Promise<Status> {
    return agent.until(`${names.join()} stored`, ({ inputs }) =>
      names.every((name) => {
        const { delivered, duplicates } = inputs[name]!.ledger;
        return delivered.records + duplicates.records === this.log(name).written;
      }),
    );
  }

  /** One fault: it begins, the agent says so while it delivers to the healthy index, it ends, and all arrives. */
  async through(agent: AgentProcess, { name, begin, end, says }: Fault): Promise<void> {
    await begin(this.server);
    this.append(name);
    await agent.until(`the agent says what ails ${name}`, ({ output }) => {
      const error = output.targets[name]?.last_error;
      return says.test(`${error?.why} ${error?.remedy}`);
    });
    this.append("healthy");
    const { inputs } = await this.stored(agent, ["healthy"]);
    assert.equal(inputs[name]?.ledger.delivered.records, 0, name);
    await end(this.server);
    await this.stored(agent, [name]);
  }

  /** Asserts that each index has each of its lines once, and that only `refused` documents became dead letters. */
  async account(refused: number): Promise<void> {
    for (const name of this.names) {
      const { written } = this.log(name);
      const numbers = await this.numbers(name);
      const found = { documents: numbers.length, different: new Set(numbers).size, last: Math.max(...numbers) };
      assert.deepEqual({ name, ...found }, { name, documents: written, different: written, last: written - 1 });
    }
    assert.equal(this.place.books().deadLetters.documents, refused);
  }

  /** The numbers of all lines that an index has. */
  private async numbers(index: string): Promise<number[]> {
    const numbers: number[] = [];
    for (let after: readonly unknown[] | undefined; ;) {
      const page = { size: 10_000, sort: ["log.offset"], _source: ["message"], ...(after && { search_after: after }) };
      const hits = await this.server.search(index, page);
      for (const { _source } of hits) numbers.push(Number(/^line (\d+) x*$/.exec(_source.message)?.[1]));
      after = hits.at(-1)?.sort;
      if (after === undefined) return numbers;
    }
  }
}
