// The fault switches on the demo's web page. Only the demo has them; the page of a normal agent cannot change anything.
import { type Page, text } from "../../ops/admin/router.ts";
import type { Switches } from "../../ops/events/feed.ts";
import { SWITCHES, type Switch } from "./switches.ts";

export class PageSwitches implements Switches {
  readonly all: Switches["all"] = SWITCHES.map(({ key, label }) => ({ key, label }));
  private last: Switch | undefined;
  private take: (to: Switch) => void = () => {};

  /** Sets the handler, once the demo is running. */
  connect(take: (to: Switch) => void): void {
    this.take = take;
  }

  used(): string | undefined {
    return this.last?.key;
  }

  /** Uses a switch, from the page or the keyboard. Returns false if no switch has the key. */
  readonly press = (key: string | null): boolean => {
    const to = SWITCHES.find((one) => one.key === key);
    if (to === undefined) return false;
    this.last = to;
    this.take(to);
    return true;
  };
}

/** The HTTP route to which the page posts a switch. */
export function switchPage(press: PageSwitches["press"]): [path: string, page: Page] {
  const answer: Page["answer"] = (query) =>
    press(query.get("key")) ? text(204, "") : text(400, "there is no such switch");
  return ["/demo/switch", { cost: "none", method: "POST", answer }];
}
