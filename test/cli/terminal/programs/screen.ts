// Run by screen.test.ts as a separate process: opens the screen and ends in the way given by argv.
import { Screen } from "../../../../src/cli/terminal/screen.ts";

const screen = new Screen({ columns: 80, rows: 24, write: (text) => process.stdout.write(text) });
screen.open();
screen.draw(["one"]);
if (process.argv[2] === "exit") process.exit(0);
if (process.argv[2] === "throw") throw new Error("on purpose");
