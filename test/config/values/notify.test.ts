// What `notify` accepts, and that no part of it that may be a secret is shown.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hideUrls, notifyTarget, targetFacts, targetText } from "../../../src/config/values/notify.ts";
import { validate } from "../../../src/config/values/vocabulary.ts";

function read(value: unknown): unknown {
  const { output, issues } = validate(notifyTarget(), value);
  return issues.length === 0 ? output : issues.map(({ misfit }) => misfit?.code).join();
}

test("a URL, or a command as a list of words; anything else is a fault", () => {
  for (const url of ["https://hooks.example.com/x?token=t", "http://127.0.0.1:8080", "http://u:p@[::1]:1/x"]) {
    assert.deepEqual(read(url), { url });
  }
  for (const command of [["scale"], ["/usr/bin/scale", "up", ""], ["sh", "-c", "exit 3 | cat"]]) {
    assert.deepEqual(read(command), { command });
  }
  for (const text of [
    "",
    "scale up",
    "/usr/bin/scale",
    "ftp://x/y",
    "hooks.example.com/x",
    "http://",
    "javascript:x",
  ]) {
    assert.equal(read(text), "bad-notify", text);
  }
  for (const words of [[], [""], [" ", "x"], ["scale", "a\0b"]]) assert.equal(read(words), "bad-notify");
  for (const other of [7, true, null, ["scale", 3], ["scale", null], [["scale"]], [{ a: 1 }]]) {
    assert.equal(read(other), "wrong-type", JSON.stringify(other));
  }
});

test("of a text that looks like a command the help says how a command is written", () => {
  const help = (text: string): string => validate(notifyTarget(), text).issues[0]?.misfit?.help ?? "";
  assert.match(help("/opt/scale up"), /without a shell: `\[\/opt\/scale, \.\.\.\]`/);
  assert.match(help("curl https://hooks.example.com/hunter2"), /`\[curl, \.\.\.\]`/);
  assert.doesNotMatch(help("hooks.example.com/hunter2"), /hunter2/);
});

test("of a URL scheme and host are shown, and that there is more", () => {
  const shown = (url: string): string => targetText({ url });
  assert.equal(shown("https://hooks.example.com/services/T0/B0/hunter2"), "https://hooks.example.com/***");
  assert.equal(
    shown("https://u:hunter2@hooks.example.com:8443/?token=hunter2"),
    "https://***@hooks.example.com:8443/***",
  );
  assert.equal(shown("http://127.0.0.1:9000/"), "http://127.0.0.1:9000/");
  assert.equal(shown("http://127.0.0.1:9000"), "http://127.0.0.1:9000/");
  assert.equal(shown("http://h/#hunter2"), "http://h/***");
  // The masked text is a URL itself. Masking it again does not change it.
  assert.equal(shown(shown("https://u:p@h/x?y#z")), "https://***@h/***");
});

test("of a command the program is shown, and the number of its arguments", () => {
  const target = { command: ["/usr/bin/curl", "-HAuthorization: hunter2", "--url=https://u:hunter2@h/hunter2"] };
  assert.equal(targetText(target), "/usr/bin/curl");
  assert.deepEqual(targetFacts(target), ["/usr/bin/curl", "***", "***"]);
});

test("URLs are hidden wherever they stand in a text", () => {
  assert.equal(
    hideUrls(`curl: (22) "https://h/hunter2" and HTTP://u:hunter2@[::1]:80/x, http://[hunter2/y.`),
    `curl: (22) "https://h/***" and http://***@[::1]/*** ***`,
  );
});
