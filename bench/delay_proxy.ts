/** A network between client and server: a TCP proxy that passes everything on, later. */

export interface DelayProxy extends AsyncDisposable {
  /** The same database, seen through the network. */
  url(url: string): string;
}

/** @param roundTripMs from a byte of the client to the answer that it brings about; half of it each way */
export function startDelayProxy(port: number, roundTripMs: number): DelayProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const links = new Set<Promise<unknown>>();
  const accepting = (async () => {
    for await (const client of listener) {
      const link = connect(client, port, roundTripMs / 2).catch(() => {}).finally(() => links.delete(link));
      links.add(link);
    }
  })();
  return {
    url(url) {
      const through = new URL(url);
      through.port = String((listener.addr as Deno.NetAddr).port);
      return through.href;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      await Promise.all(links);
    },
  };
}

async function connect(client: Deno.TcpConn, port: number, delayMs: number): Promise<void> {
  const server = await Deno.connect({ hostname: "127.0.0.1", port });
  client.setNoDelay(true);
  server.setNoDelay(true);
  await Promise.all([pass(client, server, delayMs), pass(server, client, delayMs)]);
}

/** As many bytes may be on their way as the sender likes, and each arrives in its order. */
async function pass(from: Deno.TcpConn, to: Deno.TcpConn, delayMs: number): Promise<void> {
  const writer = to.writable.getWriter();
  let arrival: Promise<void> = Promise.resolve();
  for await (const bytes of from.readable) {
    const travelled = new Promise((resolve) => setTimeout(resolve, delayMs));
    arrival = arrival.then(() => travelled).then(() => writer.write(bytes)).catch(() => {});
  }
  await arrival;
  await writer.close().catch(() => {});
}
