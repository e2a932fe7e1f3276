import assert from "node:assert/strict";
import { lintTexts } from "../../../scripts/lint_texts.ts";

const MADE = `CREATE TABLE posts (id bigint PRIMARY KEY, title text);
CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN
  LOOP
    DELETE FROM posts WHERE id IN (SELECT id FROM posts WHERE title IS NULL LIMIT 10000);
    EXIT WHEN NOT FOUND;
    COMMIT;
  END LOOP;
END $$;`;

async function isFound(text: string, made = MADE): Promise<boolean> {
  const found = await lintTexts([made, text], { postgresVersion: 18, before: 1 });
  return found.some(({ finding }) => finding.rule === "unknown-effect");
}

Deno.test("unknown-effect keeps silent of a CALL that commits its batches only where the server lets it", async () => {
  const outside = "-- pgmigrate: no-transaction\n";
  assert.equal(await isFound(`${outside}CALL fill();`), false);
  assert.equal(await isFound(`${outside}BEGIN;\nCREATE TABLE a ();\nCOMMIT;\nCALL fill();`), false);
  assert.equal(await isFound("CALL fill();"), true);
  assert.equal(await isFound(`${outside}BEGIN;\nCALL fill();\nCOMMIT;`), true);
  assert.equal(await isFound(`${outside}CALL fill();`, MADE.replace("plpgsql", "plpgsql SECURITY DEFINER")), true);
  assert.equal(await isFound(`${outside}CALL fill();`, MADE.replace("plpgsql", "plpgsql SET work_mem = '1GB'")), true);
});
