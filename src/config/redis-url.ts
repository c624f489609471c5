// The `redis:` option as a text: what is wrong with it, and how it is shown without its password.

const wanted =
  'must be redis://host:6379, rediss:// for TLS, the path of a socket, or ioredis options';

/** What is wrong with this address of a Redis, never quoting it: it may hold a password. */
export function redisUrlProblem(url: string): string | undefined {
  if (url.startsWith('/') && !url.startsWith('//')) return undefined;
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url)) return wanted;
  const { hostname, pathname, username, password } = new URL(url);
  if (hostname === '') return 'names no host';
  if (!/^\/?\d*$/.test(pathname)) return 'what follows the host must be the number of a database';
  if (!isPercentEncoded(username) || !isPercentEncoded(password)) {
    return 'a % in the user or the password must be written as %25';
  }
  return undefined;
}

function isPercentEncoded(text: string): boolean {
  return !/%(?![\da-f]{2})/i.test(text);
}

/** The address without user, password and query, whatever it looks like. */
export function redactUrl(url: string): string {
  const scheme = /^[a-z][a-z\d+.-]*:\/\//i.exec(url)?.[0];
  if (scheme !== undefined) return scheme + withoutSecrets(url);
  const path = url.replace(/\?.*=.*/s, '?***');
  return path.startsWith('/') || !path.includes('@') ? path : '***';
}

/** A password with a raw `/` ends up in the path, so that only a path that is a number is shown. */
function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return '***';
  const { username, password, host, pathname, search, hash } = new URL(url);
  const user = username === '' && password === '' ? '' : '***@';
  const path = /^\/?\d*$/.test(pathname) ? pathname : '/***';
  return `${user}${host}${path}${search === '' && hash === '' ? '' : '?***'}`;
}
