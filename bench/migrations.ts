/** The migrations that are measured. */

export interface BenchMigration {
  readonly version: number;
  /** `0001_bench`, without an extension. */
  readonly name: string;
  readonly text: string;
}

/** The size of each file: about what people write. */
const FILE_BYTES = 1024;

const DIGITS = 5;

/** Migrations that each create a table, an index and a row, and say so at length. */
export function benchMigrations(count: number): readonly BenchMigration[] {
  return Array.from({ length: count }, (_, index) => {
    const version = index + 1;
    const sql = `CREATE TABLE bench_${version} (id bigint PRIMARY KEY, name text NOT NULL, created_at timestamptz);\n` +
      `CREATE INDEX bench_${version}_name ON bench_${version} (name);\n` +
      `INSERT INTO bench_${version} VALUES (1, 'first', now());\n`;
    const text = `-- ${"Why this is needed. ".repeat(FILE_BYTES / 20).slice(0, FILE_BYTES - sql.length - 4)}\n${sql}`;
    return { version, name: `${String(version).padStart(DIGITS, "0")}_bench`, text };
  });
}

/** How many of them a database has, by what they leave there. */
export const APPLIED_SQL = "SELECT count(*)::int AS applied FROM pg_class WHERE relname ~ '^bench_[0-9]+$'";
