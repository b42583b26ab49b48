// Envelopes by their facts: the same facts give the same object, so that chunks share it and its serialised bytes.
import type { Envelope } from "../core/chunk.ts";
import type { BufferState } from "./state.ts";

type Facts = Omit<Envelope, "id">;

export function factsKey({ input, path, host, fields, index, policy }: Facts): string {
  return JSON.stringify([input, path, host, fields, index, policy]);
}

/** A new one becomes durable with the first row that refers to it. */
export function envelopeOf(state: BufferState, facts: Facts): Envelope {
  const key = factsKey(facts);
  let envelope = state.envelopes.get(key);
  if (!envelope) {
    envelope = { id: state.nextEnvelope++, ...facts };
    state.envelopes.set(key, envelope);
    state.newEnvelopes.push(envelope);
  }
  return envelope;
}
