// Run by screen.test.ts as a process of its own: opens the screen and ends in the way that argv says.
import { Screen } from "../../../../src/cli/demo/screen.ts";

const screen = new Screen({ columns: 80, rows: 24, write: (text) => process.stdout.write(text) });
screen.open();
screen.draw(["one"]);
if (process.argv[2] === "exit") process.exit(0);
if (process.argv[2] === "throw") throw new Error("on purpose");
