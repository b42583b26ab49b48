// The keys of the demo. Each digit switches the output to a fault, at any time.

export interface Switch {
  readonly key: string;
  readonly label: string;
  /** The faults to set in the sandbox. */
  readonly faults: string;
}

export const SWITCHES: readonly Switch[] = [
  { key: "1", label: "slow", faults: "rate=1MB/s" },
  { key: "2", label: "reject 30 %", faults: "429=30%" },
  { key: "3", label: "down", faults: "down" },
  { key: "4", label: "too large", faults: "413=64KiB" },
  { key: "5", label: "bad mapping", faults: "mapping=ERROR" },
  { key: "0", label: "heal", faults: "" },
];

export type Key = { readonly kind: "switch"; readonly to: Switch } | { readonly kind: "quit" };

/** In raw mode the terminal sends Ctrl-C as a character. */
const CTRL_C = "\x03";

export function keyOf(character: string): Key | undefined {
  if (character === "q" || character === CTRL_C) return { kind: "quit" };
  const to = SWITCHES.find((one) => one.key === character);
  return to && { kind: "switch", to };
}

export interface KeySource {
  setRawMode(on: boolean): unknown;
  on(event: "data", listener: (data: Buffer) => void): unknown;
  off(event: "data", listener: (data: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** Reads single keys. @returns a function that restores the terminal */
export function onKeys(input: KeySource, handle: (key: Key) => void): () => void {
  const listener = (data: Buffer): void => {
    for (const character of data.toString()) {
      const key = keyOf(character);
      if (key !== undefined) handle(key);
    }
  };
  input.setRawMode(true);
  input.on("data", listener);
  input.resume();
  return () => {
    input.off("data", listener);
    input.setRawMode(false);
    input.pause();
  };
}
