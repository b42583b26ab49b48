// The output of `run --dry-run`: prints the documents of a body as lines and contacts no server. Invariants: each line is
// exactly the document that a server would get; the next body is accepted when the reader has consumed this one.
import type { Output, SendReport, ServerInfo } from "../core/output.ts";

/** @param write takes text; resolves when more may be written */
export class PrintingOutput implements Output {
  private readonly write: (text: string) => Promise<void>;
  wireBytes = 0;
  readonly hosts = [];
  documents = 0;

  constructor(write: (text: string) => Promise<void>) {
    this.write = write;
  }

  connect(): Promise<ServerInfo> {
    return Promise.resolve({ name: "nobody: a dry run" });
  }

  async send(_target: string, body: Buffer, docs: number): Promise<SendReport> {
    // Actions and documents alternate.
    const lines = body.toString("utf8").split("\n");
    const documents = lines.filter((_, i) => i % 2 === 1);
    await this.write(documents.map((line) => `${line}\n`).join(""));
    this.wireBytes += body.length;
    this.documents += docs;
    return { kind: "stored" };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
