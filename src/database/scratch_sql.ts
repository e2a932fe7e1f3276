/** Making and dropping databases that pgmigrate has for itself. */

import type { Session } from "./session.ts";
import { identifier, sql } from "./sql.ts";

/** It is made as any new database of that server is: with what the server's owner has put into template1. */
export async function createDatabase(session: Session, name: string): Promise<void> {
  await session.run(sql`CREATE DATABASE ${identifier(name)}`.text);
}

/** Ends whoever is still connected to it. */
export function dropDatabase(name: string): string {
  return sql`DROP DATABASE IF EXISTS ${identifier(name)} WITH (FORCE)`.text;
}

/** A role without any rights, in place of one that the server of the migrations has. */
export async function createRole(session: Session, name: string): Promise<void> {
  await session.run(sql`CREATE ROLE ${identifier(name)}`.text);
}

/** For a tracker that stands in a schema of its own, which in a new database nobody has made. */
export async function createSchema(session: Session, name: string): Promise<void> {
  await session.run(sql`CREATE SCHEMA IF NOT EXISTS ${identifier(name)}`.text);
}
