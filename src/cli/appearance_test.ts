import assert from "node:assert/strict";
import { formatOf, wantsColor } from "./appearance.ts";
import { splitWords } from "./words.ts";

Deno.test("formatOf() takes the last of --format and --json, then the environment, else human", () => {
  const cases: [string[], Record<string, string>, string][] = [
    [["up"], {}, "human"],
    [["up"], { PGMIGRATE_FORMAT: "github" }, "github"],
    [["up", "--json"], { PGMIGRATE_FORMAT: "github" }, "json"],
    [["--json", "up", "--format", "human"], {}, "human"],
    [["--format=github", "up", "--json"], {}, "json"],
    [["up", "--format", "xml"], { PGMIGRATE_FORMAT: "json" }, "human"],
    [["up", "--", "--json"], {}, "human"],
    [["up", "--nonsense", "--json"], {}, "json"],
  ];
  for (const [args, env, format] of cases) {
    assert.equal(formatOf(splitWords(args).options, env), format, args.join(" "));
  }
});

Deno.test("wantsColor() asks the option, then NO_COLOR, then FORCE_COLOR, then the terminal", () => {
  const ask = (option: "auto" | "always" | "never", env: Record<string, string>, isTerminal = true) =>
    wantsColor(option, { env, isTerminal });
  assert.equal(ask("auto", {}), true);
  assert.equal(ask("auto", {}, false), false);
  assert.equal(ask("auto", { TERM: "dumb" }), false);
  assert.equal(ask("auto", { NO_COLOR: "1" }), false);
  assert.equal(ask("auto", { NO_COLOR: "" }), true);
  assert.equal(ask("auto", { NO_COLOR: "1", FORCE_COLOR: "1" }), false);
  assert.equal(ask("auto", { FORCE_COLOR: "1" }, false), true);
  assert.equal(ask("auto", { FORCE_COLOR: "0" }), false);
  assert.equal(ask("always", { NO_COLOR: "1" }, false), true);
  assert.equal(ask("never", { FORCE_COLOR: "1" }), false);
});
