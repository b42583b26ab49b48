// Delivery from a real buffer to a hostile server, on a clock that runs faster than real time.
import type { Clock } from "../../src/core/clock.ts";
import type { OutputOptions } from "../../src/core/options.ts";
import { Encoder } from "../../src/outputs/elasticsearch/encoder.ts";
import { createElasticsearchOutput } from "../../src/outputs/elasticsearch/output.ts";
import { Delivery } from "../../src/pipeline/delivery.ts";
import type { RunningOptions, Where } from "../buffer/running.ts";
import { fastClock } from "../helpers/fast-clock.ts";
import { type Hostile, HostileServer } from "../helpers/hostile-server.ts";
import { outputOptions } from "../helpers/output-options.ts";
import { Line, listening, until } from "./line.ts";

export interface ShippingOptions {
  readonly does?: Hostile;
  readonly output?: Partial<OutputOptions>;
  readonly line?: RunningOptions;
  /** Factor by which the clock runs faster than real time. */
  readonly speed?: number;
  /** Further hosts, before the hostile one. */
  readonly hosts?: readonly string[];
}

export class Shipping implements AsyncDisposable {
  readonly line: Line;
  readonly server: HostileServer;
  readonly delivery: Delivery;
  readonly said: string[];
  readonly clock: Clock;

  private constructor(line: Line, server: HostileServer, delivery: Delivery, said: string[], clock: Clock) {
    this.line = line;
    this.server = server;
    this.delivery = delivery;
    this.said = said;
    this.clock = clock;
  }

  static async start(options: ShippingOptions = {}): Promise<Shipping> {
    const { does = {}, output = {}, line: more = {}, speed = 20, hosts = [] } = options;
    const server = await HostileServer.start(does);
    const clock = fastClock(speed);
    const { said, log } = listening();
    const batch = { bytes: 64 * 1024, records: 1000, age: 20, ...output.batch };
    const line = new Line({ clock, batch: batch.bytes, log, ...more });
    const all = outputOptions({ hosts: [...hosts, server.url], ...output, batch });
    const destination = createElasticsearchOutput(all, { clock, log });
    const encoder = new Encoder(line.arena, line.kernel, all);
    const { buffer } = line;
    const delivery = new Delivery({ clock, buffer, encoder, output: destination, options: all, log });
    delivery.start();
    return new Shipping(line, server, delivery, said, clock);
  }

  /** Waits until every record has its fate and nothing is held. */
  async settled(ms?: number): Promise<void> {
    await until(() => this.delivery.idle, `everything has its fate: ${this.said.slice(-3).join("; ")}`, ms);
  }

  heard(event: string): string[] {
    return this.said.filter((line) => line.includes(` ${event}:`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.delivery.stop();
    await this.server[Symbol.asyncDispose]();
    await this.line[Symbol.asyncDispose]();
  }
}

/** For chunks that go from an input of this name to an index of the same name. */
export function to(index: string): Where {
  return { input: index, target: index, index };
}

/** 200 lines of a kilobyte. */
export const TEXT = `${"x".repeat(999)}\n`.repeat(200);

/** Keeps so much waiting for each target that its bodies could be full. */
export function keepFull({ line, server }: Shipping): (targets: readonly string[], most?: number) => void {
  const counts = new Map<string, number>();
  return (targets, most = 600) => {
    for (const index of targets) {
      const count = counts.get(index) ?? 0;
      if (count - server.count(index) > most) continue;
      line.add(TEXT, to(index));
      counts.set(index, count + 200);
    }
  };
}
