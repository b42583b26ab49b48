// Where a record ends: before its line's \n or \r\n, or only where its bytes do.
export type Unit = i32;
export const LINE: Unit = 0;
export const WHOLE: Unit = 1;
