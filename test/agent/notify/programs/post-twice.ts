// Posts to a host name twice, the second time while the DNS lookup of the first still hangs. Prints both outcomes.
import { post } from "../../../../src/agent/notify/post.ts";

const HOOK = "http://hooks.example.com/x";
const first = await post(HOOK, "{}", "spillway/0.0.0", abortAfter(100));
const second = await post(HOOK, "{}", "spillway/0.0.0", abortAfter(5000));
process.stdout.write(JSON.stringify([first, second]));

function abortAfter(ms: number): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort("not done within 10 s"), ms).unref();
  return controller.signal;
}
