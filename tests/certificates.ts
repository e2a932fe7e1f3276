/** Certificates for the tests, made by openssl when they are needed, so that none ever expires in the repository. */

export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface Certificates {
  readonly authority: string;
  /** An authority that signed none of the others. */
  readonly otherAuthority: string;
  /** For localhost and 127.0.0.1. */
  readonly server: KeyPair;
  /** For the role alice. */
  readonly client: KeyPair;
  /** For the role alice, by the other authority. */
  readonly stranger: KeyPair;
}

/**
 * Makes two authorities, a server's and a client's certificate of the first, and a client's of the second.
 * @throws {Error} when openssl is missing, or fails
 */
export async function makeCertificates(): Promise<Certificates> {
  const directory = await Deno.makeTempDir({ prefix: "pgmigrate-certificates-" });
  try {
    await makeAuthority(directory, "ca");
    await makeAuthority(directory, "other");
    return {
      authority: await Deno.readTextFile(`${directory}/ca.crt`),
      otherAuthority: await Deno.readTextFile(`${directory}/other.crt`),
      server: await sign(directory, { name: "localhost", extensions: "subjectAltName=DNS:localhost,IP:127.0.0.1" }),
      client: await sign(directory, { name: "alice", extensions: "extendedKeyUsage=clientAuth" }),
      stranger: await sign(directory, { name: "alice", extensions: "extendedKeyUsage=clientAuth", by: "other" }),
    };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

async function makeAuthority(directory: string, name: string): Promise<void> {
  const files = ["-keyout", `${name}.key`, "-out", `${name}.crt`];
  await openssl(directory, ["req", "-x509", ...NEW_KEY, "-days", "2", ...files, "-subj", `/CN=${name} authority`]);
}

async function sign(
  directory: string,
  { name, extensions, by = "ca" }: { readonly name: string; readonly extensions: string; readonly by?: string },
): Promise<KeyPair> {
  await Deno.writeTextFile(`${directory}/${name}.ext`, `basicConstraints=CA:FALSE\n${extensions}\n`);
  await openssl(directory, [
    "req",
    ...NEW_KEY,
    "-keyout",
    `${name}.key`,
    "-out",
    `${name}.csr`,
    "-subj",
    `/CN=${name}`,
  ]);
  const authority = ["-CA", `${by}.crt`, "-CAkey", `${by}.key`, "-CAcreateserial"];
  const files = ["-in", `${name}.csr`, "-out", `${name}.crt`, "-extfile", `${name}.ext`];
  await openssl(directory, ["x509", "-req", ...authority, ...files, "-days", "2"]);
  return {
    certificate: await Deno.readTextFile(`${directory}/${name}.crt`),
    key: await Deno.readTextFile(`${directory}/${name}.key`),
  };
}

async function openssl(directory: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args: [...args], cwd: directory }).output();
  if (!success) throw new Error(`openssl ${args[0]} failed:\n${new TextDecoder().decode(stderr)}`);
}
