// Renders one snapshot of an agent as plain text, for a pipe or a file: the view without what needs a history, such as rates.
import type { StatusDocument } from "../../ops/status.ts";
import { type FrameOptions, frame } from "./frame.ts";
import { paint } from "./spans.ts";
import { TopState } from "./state.ts";

const ROWS = 24;

/** @param text the response to `/status` */
export function picture(text: string, options: Omit<FrameOptions, "size"> & { readonly columns: number }): string {
  const { columns, ...rest } = options;
  const state = new TopState();
  const history = { columns: [] as never, policies: [], fine: [], coarse: [] };
  const status = JSON.parse(text) as StatusDocument;
  state.snapshot({ status, lines: [], switches: [], switched: null, history }, rest.nowMs);
  const lines = frame(state, { ...rest, size: { columns, rows: ROWS } });
  return lines
    .slice(0, -2)
    .map((line) => paint(line, false))
    .join("\n")
    .trimEnd();
}
