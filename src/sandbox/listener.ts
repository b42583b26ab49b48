// The port of the sandbox: open, or closed for a while as if the server were down. Invariants: it reopens on the same port; while
// it is down, nobody answers there and no connection is left.
import type { RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock, Timer } from "../core/clock.ts";
import { describe, SpillwayError } from "../core/errors.ts";

const RETRY = 200;

export class Listener {
  private readonly host: string;
  private port: number;
  private readonly clock: Clock;
  private readonly server: Server;
  private comeBack: Timer | undefined;

  /** @param at port 0: any free port */
  constructor(at: { readonly host: string; readonly port: number }, clock: Clock, serve: RequestListener) {
    this.host = at.host;
    this.port = at.port;
    this.clock = clock;
    // Node's default of 5 s would close idle connections while the client uses them; real servers do not.
    this.server = process.getBuiltinModule("node:http").createServer({ keepAliveTimeout: 600_000 }, serve);
  }

  get url(): string {
    return `http://${this.host.includes(":") ? `[${this.host}]` : this.host}:${this.port}`;
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = (cause: Error): void => reject(this.refused(cause));
      this.server.once("error", refuse);
      this.server.listen(this.port, this.host, () => {
        this.server.removeListener("error", refuse);
        this.port = (this.server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  async stop(): Promise<void> {
    this.comeBack?.cancel();
    if (!this.server.listening) return;
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  /** @param ms Infinity: until comeUp is called */
  async goDown(ms: number): Promise<void> {
    await this.stop();
    if (Number.isFinite(ms)) this.comeBack = this.clock.after(ms, () => this.returnTo());
  }

  /** If another process has taken the port meanwhile, tries again a little later. */
  private returnTo(): void {
    this.comeUp().catch(() => this.goDown(RETRY));
  }

  async comeUp(): Promise<void> {
    this.comeBack?.cancel();
    if (!this.server.listening) await this.start();
  }

  private refused(cause: Error): SpillwayError {
    return new SpillwayError(
      "sandbox-listen",
      `The sandbox cannot listen on ${this.host}:${this.port}: ${describe(cause)}.`,
      { hint: "choose another port with --listen, or 0 for any free one", cause },
    );
  }
}
