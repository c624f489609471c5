// The `redis:` option: an address, or options of ioredis with the files that its `tls` names.

import { isMapping, type Reader, type Report } from '../core/reader.ts';
import { content, type ReadText } from './nodes.ts';
import { redisUrlProblem, urlCodes } from './redis-url.ts';

export type RedisConfig = string | Readonly<Record<string, unknown>>;

export const redisAddress: Reader<string> = (value, path, report) => {
  const text = typeof value === 'string' ? value : '';
  const problem = redisUrlProblem(text);
  if (problem !== undefined) report(path, problem, text.includes('@') ? urlCodes : undefined);
  return text;
};

/** Without any of these, ioredis would take whatever listens on this machine. */
const places = ['host', 'port', 'path', 'sentinels'];
const namesPlace = 'an option of ioredis does: host, path or sentinels';

export function redis(readText: ReadText): Reader<RedisConfig> {
  return (value, path, report) => {
    if (!isMapping(value)) return redisAddress(value, path, report);
    if (!places.some((name) => name in value)) report(path, 'names no host', namesPlace);
    const { tls } = value;
    if (!isMapping(tls)) return value;
    return { ...value, tls: withFiles(tls, `${path}.tls`, report, readText) };
  };
}

/** Files as in the `tls` of a node; what they hold may be given as well, as to ioredis. */
function withFiles(
  tls: Readonly<Record<string, unknown>>,
  path: string,
  report: Report,
  readText: ReadText,
): Readonly<Record<string, unknown>> {
  const files = ['ca', 'cert', 'key'].flatMap((name) => {
    const file = tls[name];
    if (typeof file !== 'string' || file.includes('-----BEGIN')) return [];
    return [[name, content(readText)(file, `${path}.${name}`, report)] as const];
  });
  return { ...tls, ...Object.fromEntries(files) };
}
