/** What takes the statements of a file back, seen together: a later one may decide what an earlier one's undo would hit. */

import type { Node, RangeVar } from "libpg-query";
import { nameChange } from "./name_changes.ts";
import type { Statement } from "./parser.ts";
import { type Undo, undo } from "./undo.ts";

/**
 * The undo of each statement, in their order; null where it is not certain. Behind a change of search_path or role only
 * names with a schema are certain: the undo runs under the path of the session, where the same name may be that of
 * another table.
 */
export function undoStatements(statements: readonly Statement[]): readonly (Undo | null)[] {
  const changes = statements.map(nameChange);
  const first = changes.includes("later-sessions") ? 0 : changes.indexOf("from-here");
  const taken = takenIndexes(statements);
  return statements.map((statement, index) => {
    if (first !== -1 && index >= first && !meansOneThing(statement)) return null;
    // The index has the constraint's name now, and goes only with the constraint.
    if (statement.kind === "IndexStmt" && taken.has(statement.node.idxname ?? "")) return null;
    return undo(statement);
  });
}

/** Whether what a statement made or changed is named with its schema, or is in no schema. */
function meansOneThing(statement: Statement): boolean {
  const { kind, node } = statement;
  switch (kind) {
    case "CreateSchemaStmt":
    case "CreateExtensionStmt":
      return true;
    case "CreateForeignTableStmt":
      return qualified(node.base?.relation);
    case "CreateTableAsStmt":
      return qualified(node.into?.rel);
    case "ViewStmt":
      return qualified(node.view);
    case "CreateSeqStmt":
      return qualified(node.sequence);
    case "CompositeTypeStmt":
      return qualified(node.typevar);
    case "CreatePolicyStmt":
      return qualified(node.table);
    case "CreateStmt":
    case "IndexStmt":
    case "CreateTrigStmt":
    case "AlterTableStmt":
      return qualified(node.relation);
    case "CreateEnumStmt":
    case "CreateRangeStmt":
    case "AlterEnumStmt":
      return listed(node.typeName);
    case "CreateDomainStmt":
      return listed(node.domainname);
    case "CreateFunctionStmt":
      return listed(node.funcname) && (node.parameters ?? []).every(hasOneType);
    case "RenameStmt":
      if (node.renameType === "OBJECT_SCHEMA") return true;
      if (node.relation !== undefined) return qualified(node.relation);
      return node.object !== undefined && "List" in node.object && listed(node.object.List.items);
    default:
      return false;
  }
}

/** A function is another one with a type of the same name. The parser writes `int` and the like as pg_catalog's. */
function hasOneType(parameter: Node): boolean {
  return "FunctionParameter" in parameter && listed(parameter.FunctionParameter.argType?.names);
}

function qualified(relation: RangeVar | undefined): boolean {
  return relation?.schemaname !== undefined;
}

function listed(names: readonly Node[] | undefined): boolean {
  return (names ?? []).length > 1;
}

/** The indexes that ADD CONSTRAINT … USING INDEX makes part of a constraint. */
function takenIndexes(statements: readonly Statement[]): ReadonlySet<string> {
  const names = statements.flatMap(({ kind, node }) => kind === "AlterTableStmt" ? node.cmds ?? [] : []).map(
    (command) => {
      const definition = "AlterTableCmd" in command ? command.AlterTableCmd.def : undefined;
      return definition !== undefined && "Constraint" in definition ? definition.Constraint.indexname : undefined;
    },
  );
  return new Set(names.filter((name) => name !== undefined));
}
