// The `nodes:` option: a list of endpoints or of mappings, the same as a text with commas, or `embedded`.

import { messageOf } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { endpoint, type Endpoint } from './endpoint.ts';
import { flag, isMapping, mapping, shown, text, tubeName } from '../core/reader.ts';
import type { Reader, Report } from '../core/reader.ts';

/** To be spread into the options of `tls.connect`; `ca`, `cert` and `key` hold what their files hold. */
interface NodeTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface NodeConfig extends Endpoint {
  /** Where its replicas lie, when that isn't the tube of the jobs. */
  readonly tube?: string;
  readonly tls?: NodeTls;
}

export type Nodes = 'embedded' | readonly NodeConfig[];

/** Another machine's. */
export function remoteNode(nodes: Nodes): NodeConfig | undefined {
  if (nodes === 'embedded') return undefined;
  return nodes.find(({ host }) => !/^(localhost|127\..*|::1)$/.test(host));
}

/** What a file named in the configuration holds; throws when it can't be read. */
export type ReadText = (file: string) => string;

export function nodes(readText: ReadText): Reader<Nodes> {
  const node = oneNode(readText);
  return (value, path, report) => {
    if (typeof value === 'string') return nodesOfText(value, path, report);
    if (!Array.isArray(value)) {
      report(path, `must be a list of endpoints, or embedded, not ${shown(value)}`);
      return [];
    }
    if (value.length === 0) report(path, 'names no node');
    const found = value.map((item, at) => node(item, `${path}[${at}]`, report));
    reportTwins(found, (at) => `${path}[${at}]`, report);
    return found;
  };
}

/** The form of `DQ_NODES`: `embedded`, or endpoints with commas between them. */
export function nodesOfText(value: string, path: string, report: Report): Nodes {
  if (value.trim() === 'embedded') return 'embedded';
  if (value.trim() === '') {
    report(path, 'names no node', 'endpoints with commas between them, or embedded');
    return [];
  }
  if (nearest(value.trim(), ['embedded']) !== undefined) {
    report(
      path,
      `no endpoint: ${shown(value)}`,
      'did you mean embedded? A host has a port: host:11300',
    );
    return [];
  }
  const found = value.split(',').map((item) => endpoint(item, path, report));
  reportTwins(found, () => path, report);
  return found;
}

function oneNode(readText: ReadText): Reader<NodeConfig> {
  const options = mapping({ endpoint, tube: tubeName, tls: tls(readText) });
  return (value, path, report) => {
    if (!isMapping(value)) return endpoint(value, path, report);
    const given = options(value, path, report);
    if (given.endpoint === undefined) report(path, 'has no endpoint');
    return {
      ...(given.endpoint ?? { endpoint: '', host: '', port: 0 }),
      ...(given.tube !== undefined && { tube: given.tube }),
      ...(given.tls !== undefined && { tls: given.tls }),
    };
  };
}

function tls(readText: ReadText): Reader<NodeTls | undefined> {
  const pem = content(readText);
  const options = mapping({
    ca: pem,
    cert: pem,
    key: pem,
    servername: text,
    rejectUnauthorized: flag,
  });
  return (value, path, report) => {
    if (typeof value === 'boolean') return value ? {} : undefined;
    const given = options(value, path, report);
    if ((given.cert === undefined) !== (given.key === undefined)) {
      report(path, 'needs both cert and key, or neither');
    }
    return given;
  };
}

/** What the file holds that is named. */
export function content(readText: ReadText): Reader<string> {
  return (value, path, report) => {
    const file = text(value, path, report);
    if (file === '') return '';
    if (file.includes('-----BEGIN')) {
      report(path, 'must be the name of a file, not what is in it');
      return '';
    }
    try {
      return readText(file);
    } catch (error) {
      report(path, messageOf(error));
      return '';
    }
  };
}

function reportTwins(
  found: readonly Endpoint[],
  pathOf: (at: number) => string,
  report: Report,
): void {
  const names = found.map((node) => node.endpoint);
  for (const [at, name] of names.entries()) {
    if (name === '' || names.indexOf(name) === at) continue;
    report(pathOf(at), `${name} is named twice`, 'replicas in one node are lost together');
  }
}
