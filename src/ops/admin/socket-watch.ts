// Binds a unix socket again after somebody has removed its file, as programs do that clean up /tmp or /run: the server would
// listen on, and nobody could reach it. Connections that are open stay open. A file that somebody else has put in its place is
// left alone.
import { lstatSync } from "node:fs";
import type { Server } from "node:net";
import { type Clock, inStep, type Timer } from "../../core/clock.ts";
import { describe } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import { listenOn } from "./listen.ts";

export interface SocketWatchParts {
  /** Listens on the socket. */
  readonly server: Server;
  readonly socket: string;
  readonly clock: Clock;
  readonly log: Log;
}

const LOOK_MS = 2000;

export class SocketWatch {
  private readonly parts: SocketWatchParts;
  private timer: Timer | undefined;
  private binding: Promise<void> | undefined;
  private phase: "bound" | "lost" | "stopped" = "bound";

  constructor(parts: SocketWatchParts) {
    this.parts = parts;
    this.wait();
  }

  /** Resolves when the server is no longer changed. */
  async stop(): Promise<void> {
    this.phase = "stopped";
    this.timer?.cancel();
    await this.binding;
  }

  private wait(): void {
    const { clock } = this.parts;
    this.timer = clock.after(inStep(clock, LOOK_MS), () => this.look());
  }

  private look(): void {
    const { server, socket } = this.parts;
    if (server.listening && isThere(socket)) return this.wait();
    // Closing removes the file at this path. There is none.
    if (server.listening) server.close();
    this.binding = this.bind().finally(() => {
      if (this.phase !== "stopped") this.wait();
    });
  }

  private async bind(): Promise<void> {
    const { server, socket, log } = this.parts;
    const removed = `somebody has removed the socket of the admin endpoint, ${socket}`;
    try {
      await listenOn(server, { socket });
    } catch (error) {
      const sentence = `${removed}, and it cannot be bound again for now: ${describe(error)}. The agent goes on and keeps trying`;
      if (this.phase === "bound") log.warn("admin_socket_lost", sentence, { socket });
      if (this.phase === "bound") this.phase = "lost";
      return;
    }
    log.warn("admin_socket_bound", `${removed}; it is bound again`, { socket });
    if (this.phase === "lost") this.phase = "bound";
  }
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // A directory that cannot be searched any more.
    return true;
  }
}
