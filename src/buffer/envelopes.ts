// Envelopes by their facts: the same facts give the same object, so that chunks share it and its serialised bytes, as
// long as they are asked for again before many others are. There is one for every file: those of quiet files must not stay.
import type { Envelope } from "../core/chunk.ts";
import type { BufferState } from "./state.ts";

type Facts = Omit<Envelope, "id">;

function factsKey({ input, path, host, fields, index, policy }: Facts): string {
  return JSON.stringify([input, path, host, fields, index, policy]);
}

/** Remembered: those that were asked for last. */
const MOST = 256;

/** A new one becomes durable with the first row that refers to it. */
export function envelopeOf(state: BufferState, facts: Facts): Envelope {
  const envelope = state.envelopes.get(factsKey(facts)) ?? { id: state.nextEnvelope++, ...facts };
  remember(state, envelope);
  return envelope;
}

export function remember({ envelopes }: BufferState, envelope: Envelope): void {
  const key = factsKey(envelope);
  envelopes.delete(key);
  envelopes.set(key, envelope);
  if (envelopes.size > MOST) envelopes.delete(envelopes.keys().next().value as string);
}
