/** What a statement does that no text shows: SQL that is put together when it runs, and functions. */

import { BUILTIN_FUNCTIONS } from "../catalog/builtin_functions.ts";
import { type Catalog, type MadeFunction, qualified } from "../catalog/catalog.ts";
import { EXTENSION_FUNCTIONS } from "../catalog/extension_functions.ts";
import { functionsIn } from "../catalog/tree.ts";
import { commandTag } from "../sql/command_tag.ts";
import { dotted, listedParts } from "../sql/identifiers.ts";
import type { Statement } from "../sql/parser.ts";
import type { Bodies, Body } from "../sql/routine_body.ts";

export interface UnknownEffect {
  /** A clause without a full stop: `backfill() runs UPDATE`. */
  readonly what: string;
  /** false: nothing at all is known, and most likely it does no harm. */
  readonly certain: boolean;
  /** Where in the file, if in a part of the statement. */
  readonly span: { readonly start: number; readonly end: number } | null;
}

interface Known {
  readonly catalog: Catalog;
  readonly bodies: Bodies;
}

/** These run the functions that are in them; a view, a trigger or a default keeps them for later. */
const RUN: ReadonlySet<string> = new Set([
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "CreateTableAsStmt",
  "CallStmt",
]);

/** Each once, in the order of the text. Statements that stand in a DO block are known, and judged by themselves. */
export function unknownEffects(statement: Statement, known: Known): readonly UnknownEffect[] {
  const found = statement.kind === "DoStmt"
    ? ofBlock(known.bodies.get(statement.node) ?? null, known)
    : ofCalls(statement, known);
  return found.filter(({ what }, index) => found.findIndex((other) => other.what === what) === index);
}

function ofBlock(body: Body, known: Known): readonly UnknownEffect[] {
  if (body === null) return [{ what: "its body cannot be read here", certain: true, span: null }];
  return body.flatMap((step): readonly UnknownEffect[] => {
    switch (step.kind) {
      case "commit":
        return [];
      case "branch":
        return ofBlock(step.steps, known);
      case "computed":
        return [{ what: "EXECUTE runs SQL that is put together then", certain: true, span: step.span }];
      case "expression":
        return effectsOf(functionsIn(step.tree), known).map((effect) => ({ ...effect, span: step.span }));
      case "statement":
        return unknownEffects(step.statement, known).map((effect) => (
          { ...effect, span: effect.span ?? step.statement }
        ));
    }
  });
}

function ofCalls(statement: Statement, known: Known): readonly UnknownEffect[] {
  const { kind, node } = statement;
  if (!RUN.has(kind)) return [];
  if (kind !== "CallStmt") {
    return effectsOf(functionsIn({ [kind]: node }), { ...known, callsFor: callsForEffect(statement) });
  }
  const { funcname, args } = node.funccall ?? {};
  return effectsOf([listedParts(funcname), ...functionsIn(args)], { ...known, callsFor: true });
}

/** A query without a table is there for what its functions do; in any other they make values. */
function callsForEffect({ kind, node }: Statement): boolean {
  return kind === "SelectStmt" && (node.fromClause ?? []).every((from) => "RangeFunction" in from);
}

function effectsOf(
  calls: readonly (readonly string[])[],
  known: Known & { readonly callsFor?: boolean },
): readonly UnknownEffect[] {
  return calls.flatMap((parts): readonly UnknownEffect[] => {
    const name = parts.at(-1) ?? "";
    const schema = parts.at(-2);
    if (schema === "pg_catalog" || (schema === undefined && BUILTIN_FUNCTIONS.has(name))) return [];
    const made = functionsNamed(parts, known.catalog);
    if (made.length === 0) {
      if (known.callsFor !== true || EXTENSION_FUNCTIONS.has(name)) return [];
      return [{ what: `no migration makes ${dotted(parts)}()`, certain: false, span: null }];
    }
    const runs = new Set(made.flatMap((one) => [...runBy(one, known, new Set())]));
    return runs.size === 0
      ? []
      : [{ what: `${dotted(parts)}() runs ${[...runs].join(", ")}`, certain: true, span: null }];
  });
}

/** Those of the first schema that has any: the types of arguments, which decide between them, are not known. */
function functionsNamed(parts: readonly string[], { functions, searchPath }: Catalog): readonly MadeFunction[] {
  const [name = "", schema] = parts.toReversed();
  for (const candidate of schema === undefined ? searchPath : [schema]) {
    const made = functions.get(qualified({ schema: candidate, name }));
    if (made !== undefined) return made;
  }
  return [];
}

const READ_ONLY: ReadonlySet<string> = new Set(["SelectStmt", "VariableSetStmt", "VariableShowStmt", "NotifyStmt"]);

/** What a function runs that is more than reading, by its command tags. */
function runBy({ volatility, kind, definition }: MadeFunction, known: Known, seen: Set<unknown>): ReadonlySet<string> {
  // The server lets no other function change anything.
  if (volatility !== "volatile" || kind === "aggregate" || seen.has(definition)) return new Set();
  seen.add(definition);
  const body = definition === undefined ? null : known.bodies.get(definition) ?? null;
  return new Set(body === null ? ["what cannot be read here"] : runIn(body, known, seen));
}

function runIn(body: Body & object, known: Known, seen: Set<unknown>): readonly string[] {
  const called = (tree: unknown) =>
    functionsIn(tree).flatMap((parts) =>
      functionsNamed(parts, known.catalog).flatMap((one) => [...runBy(one, known, seen)])
    );
  return body.flatMap((step): readonly string[] => {
    switch (step.kind) {
      case "commit":
        return [];
      case "branch":
        return runIn(step.steps, known, seen);
      case "computed":
        return ["SQL that is put together then"];
      case "expression":
        return called(step.tree);
      case "statement": {
        const { kind, node } = step.statement;
        const isRead = READ_ONLY.has(kind) && !(kind === "SelectStmt" && node.intoClause !== undefined);
        return [...isRead ? [] : [commandTag(step.statement)], ...called({ [kind]: node })];
      }
    }
  });
}
