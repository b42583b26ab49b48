// The admin endpoint during the life of the process. A reload that does not change `admin` keeps its connections.
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { AdminOptions } from "../core/options.ts";
import { type Admin, startAdmin } from "../ops/admin/admin.ts";
import type { Routes } from "../ops/admin/router.ts";

export class Endpoint {
  private readonly routes: Routes;
  private readonly clock: Clock;
  private readonly log: Log;
  private options: AdminOptions = { listen: "off", hosts: [] };
  private admin: Admin | undefined;

  constructor(routes: Routes, clock: Clock, log: Log) {
    this.routes = routes;
    this.clock = clock;
    this.log = log;
  }

  /** Undefined while it is off. @see Admin.url */
  get url(): string | undefined {
    return this.admin?.url;
  }

  /** Throws a SpillwayError if the address cannot be bound; the endpoint then stays at its old address. */
  async open(options: AdminOptions): Promise<void> {
    if (isDeepStrictEqual(options, this.options)) return;
    if (isDeepStrictEqual(options.listen, this.options.listen)) this.admin?.allow(options.hosts);
    else await this.move(options);
    this.options = options;
  }

  /** Closes the old address after the new one is open, or before, if both use one port (127.0.0.1 and 0.0.0.0, for example). */
  private async move(options: AdminOptions): Promise<void> {
    const before = this.admin;
    const same = samePort(before, options.listen);
    if (same) await before?.close();
    try {
      this.admin = await this.start(options);
    } catch (error) {
      if (same) this.admin = await this.start({ ...this.options, listen: same });
      throw error;
    }
    if (!same) await before?.close();
  }

  private async start({ listen, hosts }: AdminOptions): Promise<Admin | undefined> {
    const { routes, clock, log } = this;
    return listen === "off" ? undefined : startAdmin({ listen, hosts, routes, clock, log });
  }

  async close(): Promise<void> {
    await this.admin?.close();
  }
}

/** The current address, if the wanted one has the same port. */
function samePort(
  admin: Admin | undefined,
  listen: AdminOptions["listen"],
): { readonly host: string; readonly port: number } | undefined {
  if (admin === undefined || listen === "off" || "socket" in listen || admin.url.startsWith("unix:")) return undefined;
  const { hostname, port } = new URL(admin.url);
  return Number(port) === listen.port ? { host: hostname.replaceAll(/[[\]]/g, ""), port: listen.port } : undefined;
}
