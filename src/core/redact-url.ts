// Addresses as they may be shown: without their secrets.

/** The address without user, password and query, whatever it looks like: `user://…` may be a name and a password. */
export function redactUrl(url: string): string {
  const scheme = /^rediss?:\/\//i.exec(url)?.[0];
  if (scheme !== undefined) return scheme + withoutSecrets(url);
  const path = url.replace(/\?.*=.*/s, '?***');
  return path.startsWith('/') || !url.includes('@') ? path : '***';
}

/** A password with a raw `/` ends up in the path, so that only a path that is a number is shown. */
function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return '***';
  const { username, password, host, pathname, search, hash } = new URL(url);
  const user = username === '' && password === '' ? '' : '***@';
  const path = /^\/?\d*$/.test(pathname) ? pathname : '/***';
  return `${user}${host}${path}${search === '' && hash === '' ? '' : '?***'}`;
}
