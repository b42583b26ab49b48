// Where a record ends: LINE: before its \n or \r\n. WHOLE: at the end of its bytes.
export type Unit = i32;
export const LINE: Unit = 0;
export const WHOLE: Unit = 1;
