// `host:port`, as configurations and receipts write it; an IPv6 address stands in brackets.

export interface Address {
  readonly host: string;
  readonly port: number;
}

const largestPort = 65_535;

/** @throws RangeError */
export function parseEndpoint(endpoint: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(endpoint);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > largestPort) {
    throw new RangeError(`not an endpoint (host:port): ${JSON.stringify(endpoint)}`);
  }
  return { host, port };
}
