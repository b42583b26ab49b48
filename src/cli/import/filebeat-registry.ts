// Parses Filebeat's registry into a table of keys and values. Since 7.9 the registry is a checkpoint (NUMBER.json, an array
// with a line per entry) and a log of later operations (log.json: one line with the operation, one with its data).
// Invariants: each operation is applied in order or reported as broken; operations in the checkpoint are not applied again.
import type { Fault } from "./entry.ts";
import { type Json, isObject, parseExact, wholeNumber, shown } from "./exact-json.ts";

export type Table = Map<string, Json>;

export interface Text {
  readonly file: string;
  readonly text: string;
}

/** @returns the number in the name of a checkpoint file, which is that of the last operation in it */
export function checkpointNumber(name: string): number | undefined {
  const [, digits] = /^(\d{1,15})\.json$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

export function applyCheckpoint(table: Table, { file, text }: Text, faults: Fault[]): void {
  const whole = parseExact(text);
  if (Array.isArray(whole)) whole.forEach((value, i) => addRow(value, file, i + 2));
  else {
    text.split("\n").forEach((line, i) => {
      const row = line.trim().replace(/,$/, "");
      if (row !== "" && row !== "[" && row !== "]") addRow(parseExact(row), file, i + 1);
    });
  }

  function addRow(value: unknown, file: string, line: number): void {
    if (isObject(value) && typeof value["_key"] === "string") table.set(value["_key"], value);
    else faults.push({ file, line, message: "is no entry of a checkpoint" });
  }
}

interface Operation {
  readonly op: unknown;
  readonly id: number;
  readonly line: number;
}

/** @param after the number of the checkpoint, which contains all operations up to that number */
export function applyLog(table: Table, { file, text }: Text, after: number, faults: Fault[]): void {
  let operation: Operation | undefined;
  const fault = (line: number, message: string): void => void faults.push({ file, line, message });
  text.split("\n").forEach((content, i) => {
    const line = i + 1;
    if (content.trim() === "") return;
    const value = parseExact(content);
    if (!isObject(value)) {
      fault(line, "is no JSON object");
      operation = undefined;
      return;
    }
    const id = wholeNumber(value["id"]);
    if ("op" in value && id !== undefined) {
      if (operation !== undefined) fault(operation.line, "is an operation without its data");
      operation = { op: value["op"], id, line };
      return;
    }
    if (operation === undefined) fault(line, "is data without its operation");
    else if (typeof value["k"] !== "string") fault(line, "is data without its key");
    else if (operation.id > after) apply(operation, value["k"], value["v"]);
    operation = undefined;
  });
  if (operation !== undefined) fault((operation as Operation).line, "is an operation without its data");

  function apply({ op, line }: Operation, key: string, value: unknown): void {
    if (op === "remove") table.delete(key);
    else if (op !== "set") fault(line, `has the operation ${shown(op)}, which no known Filebeat writes`);
    else if (isObject(value)) table.set(key, value);
    else fault(line + 1, "sets a key to what is no object");
  }
}

/** Format before 7.9: one array of states, in registry or registry/filebeat/data.json. False if the text is not an array. */
export function applyStates(table: Table, { file, text }: Text, faults: Fault[]): boolean {
  const whole = parseExact(text);
  if (!Array.isArray(whole)) return false;
  whole.forEach((value: unknown, i) => {
    if (isObject(value)) table.set(`filebeat::logs::${i}`, value);
    else faults.push({ file, line: undefined, message: `has a state, number ${i + 1}, that is no object` });
  });
  return true;
}
