/** The licences of everything that the executable contains, as one text. */

import { resolve } from "node:path";

/** What WebAssembly files contain and their packages do not say. */
const INSIDE_PACKAGES = `PostgreSQL, inside @electric-sql/pglite and libpg-query
License: PostgreSQL

Portions Copyright (c) 1996-2025, PostgreSQL Global Development Group
Portions Copyright (c) 1994, The Regents of the University of California

Permission to use, copy, modify, and distribute this software and its documentation for any purpose, without fee, and
without a written agreement is hereby granted, provided that the above copyright notice and this paragraph and the
following two paragraphs appear in all copies.

IN NO EVENT SHALL THE UNIVERSITY OF CALIFORNIA BE LIABLE TO ANY PARTY FOR DIRECT, INDIRECT, SPECIAL, INCIDENTAL, OR
CONSEQUENTIAL DAMAGES, INCLUDING LOST PROFITS, ARISING OUT OF THE USE OF THIS SOFTWARE AND ITS DOCUMENTATION, EVEN IF
THE UNIVERSITY OF CALIFORNIA HAS BEEN ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.

THE UNIVERSITY OF CALIFORNIA SPECIFICALLY DISCLAIMS ANY WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED
WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE. THE SOFTWARE PROVIDED HEREUNDER IS ON AN "AS IS"
BASIS, AND THE UNIVERSITY OF CALIFORNIA HAS NO OBLIGATIONS TO PROVIDE MAINTENANCE, SUPPORT, UPDATES, ENHANCEMENTS, OR
MODIFICATIONS.
`;

const RUNTIME = `Deno, the runtime (https://github.com/denoland/deno), with V8 and ICU
License: MIT; V8: BSD-3-Clause; ICU: Unicode-3.0
`;

const SEPARATOR = `\n${"-".repeat(80)}\n\n`;

/** @param files every file that went into the bundle */
export async function thirdPartyLicenses(files: readonly string[]): Promise<string> {
  const directories = new Set(files.map(packageDirectory).filter((directory) => directory !== null));
  const packages = await Promise.all([...directories].sort().map(packageLicense));
  return [...packages, INSIDE_PACKAGES, RUNTIME].join(SEPARATOR);
}

/** `…/node_modules/@scope/name` of a file inside it. */
function packageDirectory(file: string): string | null {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? null;
}

async function packageLicense(directory: string): Promise<string> {
  const manifest = JSON.parse(await Deno.readTextFile(resolve(directory, "package.json"))) as {
    readonly name: string;
    readonly version: string;
    readonly license: string;
  };
  const head = `${manifest.name} ${manifest.version}\nLicense: ${manifest.license}\n`;
  for await (const { name } of Deno.readDir(directory)) {
    if (/^(licen[sc]e|copying)/i.test(name)) {
      return `${head}\n${(await Deno.readTextFile(resolve(directory, name))).trim()}\n`;
    }
  }
  return head;
}
