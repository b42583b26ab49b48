// The agent's own log, as every stage uses it. `event` is a stable word listed in docs/errors.md; `message` is a full sentence
// with numbers and units that is understandable alone; fields carry the rest. Log no secrets and no text from the user's logs.

export interface Log {
  debug(event: string, message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(event: string, message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(event: string, message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(event: string, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
