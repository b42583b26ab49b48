// Makes blocks of numbered access-log lines, ready to be written, for the demo and tests. Invariants: line n contains `seq=<n>`
// in twelve digits, so that missing and duplicate documents can be found; making a line costs only its changing parts. Each line
// ends in a token that does not repeat. Without it, the lines would compress 45 times; real logs compress 4 to 5 times.
import { randomBytes } from "node:crypto";

/** Lines in a block. The same block is reused, with other numbers, times and tokens. */
export const BLOCK_LINES = 500;

const DIGITS = 12;
/** Characters of a token, and of the text from which tokens are cut. The text exceeds what is compressed in one piece. */
const TOKEN = 64;
const TOKENS = 1 << 20;
/** No divisor of the text's length, so that tokens start at other offsets in each round. */
const TOKEN_STEP = 67;
const PATHS = ["/", "/login", "/cart", "/search", "/api/orders", "/api/items", "/static/app.js", "/favicon.ico"];
const AGENTS = [
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
  "curl/8.14.1",
];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export class AccessLines {
  private readonly block: Buffer;
  /** Offset of line i in the block, and at the end the length of the block. */
  private readonly starts: number[] = [0];
  private readonly seqAt: number[] = [];
  private readonly timeAt: number[] = [];
  private readonly tokenAt: number[] = [];
  private readonly tokens = Buffer.from(randomBytes((TOKENS * 3) / 4).toString("base64url"), "latin1");
  private stamp = "";

  constructor() {
    const parts: string[] = [];
    let at = 0;
    for (let i = 0; i < BLOCK_LINES; i++) {
      const line = template(i);
      this.timeAt.push(at + line.indexOf("[") + 1);
      this.seqAt.push(at + line.indexOf("seq=") + 4);
      this.tokenAt.push(at + line.indexOf("session/") + 8);
      parts.push(line);
      at += line.length;
      this.starts.push(at);
    }
    this.block = Buffer.from(parts.join(""), "latin1");
  }

  /**
   * Returns `count` lines numbered from `first`, at most BLOCK_LINES. The next call overwrites the view.
   * @param wallMs the time in the lines
   */
  lines(first: number, count: number, wallMs: number): Buffer {
    this.setTime(wallMs);
    for (let i = 0; i < count; i++) {
      this.setNumber(this.seqAt[i] as number, first + i);
      const token = ((first + i) * TOKEN_STEP) % (TOKENS - TOKEN);
      this.tokens.copy(this.block, this.tokenAt[i] as number, token, token + TOKEN);
    }
    return this.block.subarray(0, this.starts[count]);
  }

  private setNumber(at: number, value: number): void {
    let rest = value;
    for (let i = DIGITS - 1; i >= 0; i--) {
      this.block[at + i] = 48 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  }

  private setTime(wallMs: number): void {
    const stamp = clfTime(wallMs);
    if (stamp === this.stamp) return;
    this.stamp = stamp;
    for (const at of this.timeAt) this.block.write(stamp, at, "latin1");
  }
}

/** 24/Nov/2026:08:00:00 +0000 */
function clfTime(wallMs: number): string {
  const [date = "", time = ""] = new Date(wallMs).toISOString().split("T");
  const [year, month, day] = date.split("-");
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000`;
}

function template(i: number): string {
  const status = i % 50 === 49 ? 500 : i % 17 === 16 ? 404 : 200;
  const ip = `10.${i % 7}.${(i * 37) % 256}.${(i * 101) % 256}`;
  const request = `GET ${PATHS[(i * 5) % PATHS.length]}?seq=${"0".repeat(DIGITS)} HTTP/1.1`;
  const size = (i * 7919) % 20000;
  return `${ip} - - [${clfTime(0)}] "${request}" ${status} ${size} "-" "${AGENTS[(i * 3) % AGENTS.length]} session/${"0".repeat(TOKEN)}"\n`;
}
