// Finds, compiles and instantiates the kernel. It is compiled once per process, for the first arena.
import { readFileSync } from "node:fs";
import { SpillwayError } from "../core/errors.ts";

let compiled: WebAssembly.Module | undefined;

function compile(): WebAssembly.Module {
  const file = new URL("./kernel.wasm", import.meta.url);
  try {
    return new WebAssembly.Module(readFileSync(file));
  } catch (cause) {
    throw new SpillwayError("kernel-missing", `Cannot load the kernel ${file.pathname}.`, {
      hint: "build it with `npm run build:kernel`",
      cause,
    });
  }
}

/** Each function takes the address of a job struct (layout.ts). */
export type Exports = Readonly<
  Record<"scan" | "encode" | "encodeTable" | "thin" | "thinTable" | "level" | "object", (job: number) => void>
>;

export function instantiate(memory: WebAssembly.Memory): Exports {
  compiled ??= compile();
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as Exports;
}
