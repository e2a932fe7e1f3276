/** The migrations that are measured. */

export interface BenchMigration {
  readonly version: number;
  readonly name: string;
  readonly text: string;
}

/** The size of each file: about what people write. */
const FILE_BYTES = 1024;

/** Migrations that each create a table, an index and a row, and say so at length. */
export function benchMigrations(count: number): readonly BenchMigration[] {
  return Array.from({ length: count }, (_, index) => {
    const version = index + 1;
    const sql = `CREATE TABLE bench_${version} (id bigint PRIMARY KEY, name text NOT NULL, created_at timestamptz);\n` +
      `CREATE INDEX bench_${version}_name ON bench_${version} (name);\n` +
      `INSERT INTO bench_${version} VALUES (1, 'first', now());\n`;
    const text = `-- ${"Why this is needed. ".repeat(FILE_BYTES / 20).slice(0, FILE_BYTES - sql.length - 4)}\n${sql}`;
    return { version, name: `${String(version).padStart(4, "0")}_bench.sql`, text };
  });
}

/** The same for psql: every file in a transaction with its row in a tracker. */
export function psqlScript(migrations: readonly BenchMigration[]): string {
  const tracker = "CREATE TABLE tracker (version bigint PRIMARY KEY, name text NOT NULL, applied_at timestamptz);\n";
  return tracker +
    migrations.map(({ version, name, text }) =>
      `BEGIN;\n${text}INSERT INTO tracker VALUES (${version}, '${name}', now());\nCOMMIT;\n`
    ).join("");
}
