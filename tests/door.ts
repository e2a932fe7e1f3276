/** A port that a test opens, shuts, and leads where it wants, one connection at a time. */

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Door extends AsyncDisposable {
  readonly port: number;
  /** How many connections came. */
  readonly knocks: number;
  /** Where the next connection is handed on to, given its number from 1; null closes it at once. */
  leadsTo: (knock: number) => Address | null;
}

/** A door that is shut. */
export function makeDoor(): Door {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const links: Promise<unknown>[] = [];
  const door = { port: listener.addr.port, knocks: 0, leadsTo: (_knock: number): Address | null => null };
  const done = (async () => {
    for await (const client of listener) {
      const address = door.leadsTo(++door.knocks);
      if (address === null) client.close();
      else links.push(link(client, address));
    }
  })();
  return Object.assign(door, {
    async [Symbol.asyncDispose]() {
      listener.close();
      await done;
      await Promise.all(links);
    },
  });
}

/** The URL of a database as it is seen through the door. */
export function through(door: Door, url: string): string {
  const there = new URL(url);
  there.hostname = "127.0.0.1";
  there.port = String(door.port);
  return there.href;
}

async function link(client: Deno.Conn, { host, port }: Address): Promise<void> {
  const server = await Deno.connect({ hostname: host, port });
  await Promise.allSettled([client.readable.pipeTo(server.writable), server.readable.pipeTo(client.writable)]);
}
