/**
 * The architecture as lint rules, for `deno lint`: which way imports point, and which files may touch the world.
 * Every message has a hint that says what to do instead.
 */

import { importedLayer, layerOf, LAYERS } from "./layers.ts";

/** Packages that speak to a database. */
const DRIVERS = /^(npm:)?(postgres|@electric-sql\/.*)$/;

type Importing =
  | Deno.lint.ImportDeclaration
  | Deno.lint.ImportExpression
  | Deno.lint.ExportAllDeclaration
  | Deno.lint.ExportNamedDeclaration;

/** Calls back for every module that a file imports or exports again, by whatever syntax. */
function onImport(check: (node: Importing, specifier: string) => void): Deno.lint.LintVisitor {
  const visit = (node: Importing) => {
    if (node.source?.type === "Literal" && typeof node.source.value === "string") check(node, node.source.value);
  };
  return {
    ImportDeclaration: visit,
    ImportExpression: visit,
    ExportAllDeclaration: visit,
    ExportNamedDeclaration: visit,
  };
}

/** Calls back for every `object.property` of a global, `console` and any other property when `property` is null. */
function onMember(
  object: string,
  { property, report }: { property: RegExp; report: (node: Deno.lint.Node, property: string) => void },
): Deno.lint.LintVisitor {
  return {
    MemberExpression(node) {
      if (node.object.type !== "Identifier" || node.object.name !== object) return;
      if (node.property.type === "Identifier" && property.test(node.property.name)) report(node, node.property.name);
    },
  };
}

/** How SQL begins; sentences about SQL do not stand in these folders in capitals and with a value in them. */
const SQL_BEGINS =
  /^\s*(ADD COLUMN|ALTER|BEGIN|CALL|CREATE|DELETE|DISCARD|DROP|GRANT|INSERT|LOCK|RESET|REVOKE|ROLLBACK|SELECT|SET|TRUNCATE|UPDATE|WITH)\b/;

/** The layers that send SQL. */
const SQL_LAYERS = ["database", "run"];

/** The text with which a concatenation begins, and whether anything but fixed text is in it. */
function concatenation(node: Deno.lint.Node): { readonly start: string; readonly fixed: boolean } {
  if (node.type === "Literal" && typeof node.value === "string") return { start: node.value, fixed: true };
  if (node.type !== "BinaryExpression" || node.operator !== "+") return { start: "", fixed: false };
  const left = concatenation(node.left);
  return { start: left.start, fixed: left.fixed && concatenation(node.right).fixed };
}

const architecture: Deno.lint.Plugin = {
  name: "architecture",
  rules: {
    imports: {
      create(context) {
        const layer = layerOf(context.filename);
        if (layer === null) return {};
        return onImport((node, specifier) => {
          const imported = importedLayer(context.filename, specifier);
          if (imported === null || imported === layer) return;
          const allowed = LAYERS[layer] ?? [];
          if (allowed.includes(imported)) return;
          context.report({
            node,
            message: `${layer} may not import from ${imported}`,
            hint: allowed.length === 0
              ? `${layer} imports nothing. Pass what it needs as a value.`
              : `Imports point one way; ${layer} may use ${
                allowed.join(", ")
              }. Move what both need there, or pass it in.`,
          });
        });
      },
    },
    driver: {
      create(context) {
        const layer = layerOf(context.filename);
        if (layer === null || layer === "database") return {};
        return onImport((node, specifier) => {
          if (!DRIVERS.test(specifier)) return;
          context.report({
            node,
            message: `Only src/database may import ${specifier}`,
            hint: "Use the interfaces Database and Session of src/database.",
          });
        });
      },
    },
    // Only src/database/sql.ts turns values into SQL: it quotes them. Everything else is fixed text, or made by its tag.
    sql: {
      create(context) {
        const layer = layerOf(context.filename);
        if (layer === null || !SQL_LAYERS.includes(layer) || /[\\/]sql\.ts$/.test(context.filename)) return {};
        const report = (node: Deno.lint.Node) =>
          context.report({
            node,
            message: "A value in SQL that is not quoted",
            hint: "Write sql`…` of src/database/sql.ts, which quotes values; names are identifier(name).",
          });
        return {
          TemplateLiteral(node) {
            if (node.parent.type === "TaggedTemplateExpression" || node.expressions.length === 0) return;
            if (SQL_BEGINS.test(node.quasis[0]!.cooked)) report(node);
          },
          BinaryExpression(node) {
            if (node.parent.type === "BinaryExpression") return;
            const { start, fixed } = concatenation(node);
            if (!fixed && SQL_BEGINS.test(start)) report(node);
          },
          NewExpression(node) {
            if (node.callee.type === "Identifier" && node.callee.name === "Sql") report(node);
          },
        };
      },
    },
    exit: {
      create(context) {
        if (/(^|[\\/])main\.ts$/.test(context.filename)) return {};
        return onMember("Deno", {
          property: /^exit$/,
          report: (node) =>
            context.report({
              node,
              message: "Only main.ts may call Deno.exit",
              hint: "Throw a Failure of src/errors, or return the exit code; a script sets Deno.exitCode.",
            }),
        });
      },
    },
    console: {
      create(context) {
        const layer = layerOf(context.filename);
        if (layer === null || layer === "output") return {};
        return onMember("console", {
          property: /./,
          report: (node) =>
            context.report({
              node,
              message: "Only src/output may print",
              hint: "Report an event of src/events.ts; src/output turns it into text.",
            }),
        });
      },
    },
    process: {
      create(context) {
        const layer = layerOf(context.filename);
        if (layer === null || layer === "main") return {};
        return onMember("Deno", {
          property: /^(args|env)$/,
          report: (node, property) =>
            context.report({
              node,
              message: `Only main.ts may read Deno.${property}`,
              hint: "Take it as a parameter; main.ts passes it on.",
            }),
        });
      },
    },
  },
};

export default architecture;
