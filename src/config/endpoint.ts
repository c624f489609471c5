// The endpoint of a beanstalkd, `host` or `host:port`, in the one form by which two of them are compared.

import { shown, type Reader } from '../core/reader.ts';

export interface Endpoint {
  /** `host:port`, in lower case, with the brackets of an IPv6 address: the node's name in receipts. */
  readonly endpoint: string;
  /** What to connect to: an IPv6 address has no brackets here. */
  readonly host: string;
  readonly port: number;
}

const defaultPort = 11300;
const largestPort = 65_535;
const nowhere: Endpoint = { endpoint: '', host: '', port: 0 };

export const endpoint: Reader<Endpoint> = (value, path, report) => {
  const parts = typeof value === 'string' ? split(value.trim()) : undefined;
  const host = parts === undefined ? undefined : canonicalHost(parts.host);
  const port = Number(parts?.port ?? defaultPort);
  if (host === undefined || port < 1 || port > largestPort) {
    report(path, `not an endpoint: ${shown(value)}`, hintFor(value));
    return nowhere;
  }
  return { endpoint: `${host}:${port}`, host: withoutBrackets(host), port };
};

/** Both cases are written out: a class that ignores case takes a tenth of a millisecond to compile. */
function split(text: string): { host: string; port: string | undefined } | undefined {
  const match = /^(\[[\dA-Fa-f:.]+\]|\w[\w.-]*)(?::(\d{1,5}))?$/.exec(text);
  return match?.[1] === undefined ? undefined : { host: match[1], port: match[2] };
}

/** URL brings every spelling of an address into one form. A number alone would be an address to it. */
function canonicalHost(host: string): string | undefined {
  if (isPlainAddress(host)) return host;
  const url = `http://${host}`;
  if (/^\d+$/.test(host) || isEmbedded(host) || !URL.canParse(url)) return undefined;
  return new URL(url).hostname;
}

/** Four numbers as URL writes them, which takes a fifth of a millisecond to load. */
function isPlainAddress(host: string): boolean {
  const parts = host.split('.');
  return parts.length === 4 && parts.every(isByte);
}

function isByte(text: string): boolean {
  const number = Number(text);
  return number >= 0 && number <= 255 && String(number) === text;
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

function isEmbedded(text: string): boolean {
  return text.toLowerCase() === 'embedded';
}

function hintFor(value: unknown): string {
  const usual = 'host or host:port, such as 127.0.0.1:11300';
  if (typeof value !== 'string') return usual;
  if (isEmbedded(value)) return 'the embedded queue stands alone: nodes: embedded';
  if (value.includes('://')) return `${usual}, without a scheme`;
  if (/\S\s+\S/.test(value)) return `${usual}, and commas between several`;
  if (value.split(':').length > 2) return 'an IPv6 address is written as "[::1]:11300"';
  return usual;
}
