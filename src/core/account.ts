// The account that this process runs as, by the system's list of users.

import { userInfo } from 'node:os';

export interface Account {
  readonly username: string;
  readonly homedir: string;
}

/** undefined: the list doesn't have it, as in a container that runs as some number. */
export function ownAccount(read: () => Account = userInfo): Account | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_SYSTEM_ERROR') {
      return undefined;
    }
    throw error;
  }
}
