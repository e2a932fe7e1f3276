/** A role that becomes another one as it logs in, as teams have it whose objects belong to nobody who may log in. */

interface Deployer extends AsyncDisposable {
  /** The role that it becomes; it may create tables. */
  readonly owner: string;
  /** The URL of the database, for the role that logs in. */
  readonly url: string;
}

/** Makes both roles. They and what they own go with the block that made them. */
export async function createDeployer(
  { url: text, query }: { readonly url: string; readonly query: (sql: string) => Promise<unknown> },
): Promise<Deployer> {
  const [role, owner] = ["d", "o"].map((one) => `${one}_${crypto.randomUUID().replaceAll("-", "")}`);
  await query(`CREATE ROLE ${owner}; CREATE ROLE ${role} LOGIN PASSWORD 'secret' IN ROLE ${owner};
    ALTER ROLE ${role} SET role = ${owner}; GRANT CREATE ON SCHEMA public TO ${owner}`);
  const url = new URL(text);
  url.username = role!;
  url.password = "secret";
  return {
    owner: owner!,
    url: url.href,
    [Symbol.asyncDispose]: async () => void await query(`DROP OWNED BY ${owner}, ${role}; DROP ROLE ${owner}, ${role}`),
  };
}
