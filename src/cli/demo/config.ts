// The configuration of the demo, as a user would write it: the default ladder, with budgets so small that a few MB/s fill
// them in seconds. The gate of `block` opens as soon as 4 MiB of unread data are at risk of being lost by rotation.
import { loadText } from "../../config/load.ts";
import type { Config } from "../../core/options.ts";

export interface DemoConfig {
  readonly text: string;
  readonly config: Config;
}

/** @param directory directory of the demo's files @param url address of the sandbox */
export function demoConfig(directory: string, url: string): DemoConfig {
  const text = `inputs:
  - id: demo
    paths: [${JSON.stringify(`${directory}/*.log`)}]
buffer:
  path: ${JSON.stringify(`${directory}/state`)}
  memory: 8MiB
  disk: 16MiB
policies:
  default:
    - { action: block, enter: 70%, leave: 60%, until: { at_risk: 4MiB } }
    - { action: sample, enter: 85%, leave: 70%, keep: 25%, always: "level >= warn" }
    - { action: drop-oldest, enter: 95%, leave: 85% }
output:
  hosts: ["${url}"]
  index: logs-demo-default
admin:
  listen: 127.0.0.1:0
shutdown: { grace: 5s }
`;
  return { text, config: loadText("demo.yml", text, { env: {} }).config };
}
