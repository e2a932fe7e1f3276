import assert from "node:assert/strict";
import { showArgument } from "./show_argument.ts";

Deno.test("showArgument() never repeats what may hold a password", () => {
  for (const word of ["postgres://u:hunter2@h/d", "host=h password=hunter2", "u:hunter2@host", "POSTGRES://hunter2"]) {
    assert.doesNotMatch(showArgument(word), /hunter2/i);
  }
});

Deno.test("showArgument() quotes a word and cuts a long one by character", () => {
  assert.equal(showArgument("upp"), '"upp"');
  assert.equal(showArgument("😀".repeat(61)), `"${"😀".repeat(60)}…"`);
});
