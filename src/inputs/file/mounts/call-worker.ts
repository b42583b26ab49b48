// A worker thread that makes system calls for caller.ts, one after the other. A call may block it for ever.
import { type MessagePort, workerData } from "node:worker_threads";
import { type Answer, CALLS, type Question } from "./calls.ts";

const { port, answered } = workerData as { readonly port: MessagePort; readonly answered: Int32Array };

function answerTo({ id, call, args }: Question): Answer {
  try {
    const result: unknown = (CALLS[call] as (...words: readonly unknown[]) => unknown)(...args);
    return { id, call, result };
  } catch (error) {
    const { message, code = "EIO", syscall = call } = error as NodeJS.ErrnoException;
    return { id, call, fault: { message, code, syscall } };
  }
}

port.on("message", (question: Question) => {
  port.postMessage(answerTo(question));
  Atomics.add(answered, 0, 1);
  Atomics.notify(answered, 0);
});
