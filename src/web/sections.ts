// Renders the sections of the page from a status. The heading of a section is the question that it answers.
import { budget, count, duration, flow, percent } from "../core/figures.ts";
import type { LogLine, Snapshot } from "../ops/events/feed.ts";
import { shedOf, type Rates } from "../ops/rates.ts";
import type { StatusDocument } from "../ops/status.ts";
import type { Verdict } from "../ops/verdict.ts";
import { byId, element, fillTable, orDash, say } from "./dom.ts";

/** A colour never stands alone; it always comes with a shape and a word. */
export const SIGNS = { accept: "●", block: "▲", sample: "■", drop: "✖", fault: "✖" } as const;

export function showVerdict({ severity, word, says, policy, why, next, todo }: Verdict): void {
  const section = byId("verdict");
  section.className = severity;
  const about = policy === undefined || policy === "default" ? "" : `${policy}: `;
  const text = `${SIGNS[severity]} ${word}  ${about}${says}`;
  const headline = byId("headline");
  // A rung's duration changes every second; screen readers should not announce that.
  const signature = `${severity} ${word} ${policy}`;
  if (headline.dataset["shown"] !== signature) {
    headline.dataset["shown"] = signature;
    headline.textContent = text;
  } else if (headline.textContent !== text) {
    headline.setAttribute("aria-live", "off");
    headline.textContent = text;
    headline.removeAttribute("aria-live");
  }
  const parts = [why && `Why: ${why}.`, next && `Next: ${next}.`, todo && `What to do: ${todo}`];
  say(byId("why"), parts.filter(Boolean).join(" "));
}

const FATES = ["delivered", "duplicates", "sampled", "dropped", "dead_lettered", "buffered"] as const;
const FATE_NAMES: Readonly<Record<(typeof FATES)[number], string>> = {
  delivered: "delivered",
  duplicates: "duplicates",
  sampled: "sampled out",
  dropped: "dropped",
  dead_lettered: "dead letters",
  buffered: "buffered",
};

export function showLedger({ ledger }: StatusDocument): void {
  const dropped = shedOf({ sampled: { records: 0, bytes: 0 }, dropped: ledger.dropped });
  const parts = FATES.map((fate) => ({ fate, amount: fate === "dropped" ? dropped : ledger[fate] }));
  const share = (bytes: number): string =>
    ledger.read.bytes === 0 ? "–" : `${((100 * bytes) / ledger.read.bytes).toFixed(1)} %`;
  const bar = byId("bar");
  const segments = parts.filter(({ amount }) => amount.bytes > 0);
  bar.replaceChildren(
    ...segments.map(({ fate, amount }) => {
      const segment = element("div", { class: fate, title: `${FATE_NAMES[fate]} ${share(amount.bytes)}` });
      segment.style.flexGrow = String(amount.bytes);
      return segment;
    }),
  );
  bar.setAttribute(
    "aria-label",
    segments.map(({ fate, amount }) => `${FATE_NAMES[fate]} ${share(amount.bytes)}`).join(", "),
  );
  const row = (
    name: string,
    kind: string,
    { records, bytes }: { records: number; bytes: number },
    of = share(bytes),
  ): Cells => {
    return [{ text: name, class: kind }, { text: count(records) }, { text: flow(bytes) }, { text: of }];
  };
  fillTable(
    byId("ledger"),
    ["since the state began", "records", "bytes", "of what was read"],
    [
      row("read", "", ledger.read, ""),
      ...parts.map(({ fate, amount }) => row(`${fate === "delivered" ? "=" : "+"} ${FATE_NAMES[fate]}`, fate, amount)),
      row(
        "balance",
        "",
        ledger.balance,
        ledger.balance.records === 0 && ledger.balance.bytes === 0 ? "always 0" : "BUG",
      ),
    ],
  );
}

type Cells = readonly { readonly text: string; readonly class?: string }[];

/** @param speeds bytes a second by input */
export function showInputs({ inputs }: StatusDocument, speeds: ReadonlyMap<string, number>): void {
  const rows = Object.entries(inputs).toSorted(
    ([, a], [, b]) => b.lag_bytes - a.lag_bytes || b.at_risk_bytes - a.at_risk_bytes,
  );
  fillTable(
    byId("inputs"),
    ["worst first", "files", "open", "read", "lag", "late", "at risk", "buffered", "waits for"],
    rows.map(([id, input]) => [
      { text: id },
      { text: count(input.files) },
      { text: count(input.open) },
      { text: orDash(speeds.get(id), (bytes) => `${flow(bytes)}/s`) },
      { text: flow(input.lag_bytes) },
      { text: input.lag_seconds === 0 ? "0 s" : duration(input.lag_seconds * 1000) },
      { text: flow(input.at_risk_bytes) },
      { text: count(input.ledger.buffered.records) },
      { text: input.waiting ?? "" },
    ]),
  );
}

export function showOutput({ output }: StatusDocument): void {
  const { latency_seconds: latency, concurrency, requests, items, circuit } = output;
  const time = (seconds: number | null): string => orDash(seconds, (value) => duration(value * 1000));
  const failed = Object.entries(requests.failures).filter(([, n]) => n > 0);
  const rows: readonly (readonly [string, string])[] = [
    ["server", output.server ?? "not known yet"],
    ["state", `${output.up ? "up" : "down"}, circuit ${circuit}`],
    ["requests", `${concurrency.in_flight} of ${concurrency.limit} under way, ${output.retrying} to be sent again`],
    ["latency", `p50 ${time(latency.p50)}, p99 ${time(latency.p99)}`],
    ["last success", orDash(output.last_success, (iso) => new Date(iso).toTimeString().slice(0, 8))],
    [
      "failed",
      failed.length === 0 ? `0 of ${count(requests.total)}` : failed.map(([why, n]) => `${why} ${count(n)}`).join(", "),
    ],
    ["documents", `stored ${count(items.stored)}, again ${count(items.retry)}, refused ${count(items.refused)}`],
    ["last error", output.last_error ?? "none"],
  ];
  showTargets(output.targets);
  byId("output").replaceChildren(
    ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
  );
}

/** A single index without trouble is not shown. */
function showTargets(targets: StatusDocument["output"]["targets"]): void {
  const all = Object.entries(targets).toSorted(
    ([, a], [, b]) => Number(b.stuck) - Number(a.stuck) || b.waiting.bytes - a.waiting.bytes,
  );
  const table = byId("targets");
  table.hidden = all.length < 2 && !all.some(([, { last_error }]) => last_error !== null);
  const rows = all.map(([index, { stuck, waiting, last_error }]) => [
    { text: index },
    { text: stuck ? "takes nothing" : last_error ? "trouble" : "takes" },
    { text: count(waiting.records) },
    {
      text: last_error === null ? "" : `${last_error.why}${last_error.remedy === null ? "" : `; ${last_error.remedy}`}`,
      class: "long",
    },
  ]);
  fillTable(table, ["index", "state", "waiting", "why"], rows);
}

export function showLosses({ ledger, inputs }: StatusDocument): void {
  const rows = Object.entries({ sampled: ledger.sampled, ...ledger.dropped, "dead letters": ledger.dead_lettered });
  const lost = rows.filter(([, { records, bytes }]) => records > 0 || bytes > 0);
  const unread = Object.values(inputs).reduce(
    (sum, { unread: { deleted, truncated, abandoned } }) => sum + deleted + truncated + abandoned,
    0,
  );
  const all = unread > 0 ? [...lost, ["gone unread", { records: 0, bytes: unread }] as const] : lost;
  const table = byId("losses");
  if (all.length === 0) {
    table.replaceChildren(
      element(
        "tbody",
        {},
        element("tr", {}, element("td", { class: "empty" }, "nothing was lost and nothing refused")),
      ),
    );
    delete table.dataset["shown"];
  } else {
    const cells = all.map(([why, { records, bytes }]) => [
      { text: why },
      { text: count(records) },
      { text: flow(bytes) },
    ]);
    fillTable(table, ["why", "records", "bytes"], cells);
  }
  const commands = [
    ...(lost.length > 0 ? ["spillway losses list"] : []),
    ...(ledger.dead_lettered.records > 0 ? ["spillway dead-letters list"] : []),
  ];
  say(byId("losses-hint"), commands.length === 0 ? "" : `Each with its file and its bytes: ${commands.join(", ")}`);
}

export function showEvents(lines: readonly LogLine[]): void {
  const items = lines
    .toReversed()
    .map(({ at, level, message }) =>
      element(
        "li",
        { class: level },
        element("span", { class: "muted" }, new Date(at).toTimeString().slice(0, 8)),
        element("span", { class: "level" }, level),
        element("span", {}, message),
      ),
    );
  byId("events").replaceChildren(...(items.length > 0 ? items : [element("li", { class: "empty" }, "nothing yet")]));
}

export function showProcess(status: StatusDocument, cpu: number | undefined): void {
  const { buffer, process, uptime_seconds: uptime } = status;
  const disk = buffer.disk.max === 0 ? "off" : `${budget(buffer.disk.bytes)} of ${budget(buffer.disk.max)}`;
  const parts = [
    `log memory ${budget(buffer.memory.bytes)} of ${budget(buffer.memory.max)}`,
    `disk ${disk}`,
    `oldest ${duration(buffer.oldest_seconds * 1000)}`,
    `mode ${buffer.mode}`,
    `resident ${budget(process.resident_bytes)}`,
    `cpu ${orDash(cpu, percent)}`,
    `up ${duration(uptime * 1000)}`,
  ];
  say(byId("process"), parts.join(" · "));
  say(byId("name"), `spillway · ${status.host} · ${status.version}`);
}

export function showFlow(now: Rates | undefined): void {
  const ratio = now === undefined || now.out === 0 ? "–" : (now.in / now.out).toFixed(1);
  const rate = (value: number | undefined): string => orDash(value, (bytes) => `${flow(bytes)}/s`);
  say(
    byId("flow-legend"),
    `in ${rate(now?.in)} ── kept ${rate(now?.kept)} ┄┄ out ${rate(now?.out)} ━━ in/out ${ratio}`,
  );
  byId("flow").setAttribute("aria-label", `in ${rate(now?.in)}, kept ${rate(now?.kept)}, out ${rate(now?.out)}`);
}

export function showSwitches(switches: Snapshot["switches"], press: (key: string) => void): void {
  byId("demo").hidden = switches.length === 0;
  if (byId("switches").childElementCount === switches.length) return;
  byId("switches").replaceChildren(
    ...switches.map(({ key, label }) => {
      const button = element("button", {}, label);
      button.dataset["key"] = key;
      button.addEventListener("click", () => press(key));
      return button;
    }),
  );
}

/** @param on the key of the switch that was used last */
export function showSwitched(on: string | null): void {
  for (const button of byId("switches").children) {
    button.setAttribute("aria-pressed", String((button as HTMLElement).dataset["key"] === on));
  }
}
