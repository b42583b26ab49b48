// For a line that should have been a JSON object and is shipped as a message instead: the document's `error` member, which says
// why. The server stores it as a field; docs/formats.md lists the sentences.
import { Kind, OBJECT } from "./table";

/** @param kind one of KIND in core/chunk.ts */
function memberOf(kind: Kind): string {
  switch (kind) {
    case 2: return ',"error":{"message":"the line is no JSON object"}';
    case 3: return ',"error":{"message":"the line is no valid JSON"}';
    case 4: return ',"error":{"message":"the line is longer than max_record and was cut, which leaves no JSON"}';
    case 5: return ',"error":{"message":"the line is JSON that is nested deeper than 128 levels"}';
    default: return ',"error":{"message":"the line is JSON that would exceed max_record with its fields moved"}';
  }
}

export function errorLength(kind: Kind): usize {
  return kind > OBJECT ? usize(memberOf(kind).length) : 0;
}

export function writeError(d: usize, kind: Kind): usize {
  const member = memberOf(kind);
  const length = usize(member.length);
  // AssemblyScript strings are UTF-16, two bytes per letter.
  for (let i: usize = 0; i < length; i++) store<u8>(d + i, load<u8>(changetype<usize>(member) + 2 * i));
  return d + length;
}
