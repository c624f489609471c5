// The `redis:` option as a text: what is wrong with it.

const wanted =
  'must be redis://host:6379, rediss:// for TLS, the path of a socket, or ioredis options';

/** An address without anything that URL is needed for, which takes a fifth of a millisecond to load. */
const plain = /^rediss?:\/\/[\w.-]+(?::[1-5]?\d{1,4})?(?:\/\d*)?$/;

/** What helps where a part of a password may have been taken for something else. */
export const urlCodes = 'in a user or password, / is written %2F, ? %3F, # %23, @ %40 and % %25';

/** What is wrong with this address of a Redis, never quoting it: it may hold a password. */
export function redisUrlProblem(url: string): string | undefined {
  if (plain.test(url) || (url.startsWith('/') && !url.startsWith('//'))) return undefined;
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url)) return wanted;
  const { hostname, pathname, username, password, search, hash } = new URL(url);
  if (hostname === '') return 'names no host';
  if (!/^\/?\d*$/.test(pathname) || /^\?[^=]*@/.test(search) || hash !== '') {
    return 'what follows the host must be the number of a database';
  }
  if (!isPercentEncoded(username) || !isPercentEncoded(password)) {
    return 'a % in the user or the password is no code';
  }
  return undefined;
}

function isPercentEncoded(text: string): boolean {
  return !/%(?![\da-f]{2})/i.test(text);
}
