/** Writes the table of tests in docs/reliability.md. */

import { fileURLToPath } from "node:url";
import { findTests, table, withTable } from "./shown_by_tests.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const path = `${root}docs/reliability.md`;
await Deno.writeTextFile(path, withTable(await Deno.readTextFile(path), table(await findTests(root))));
