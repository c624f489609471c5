// Why Redis can't be asked now: what its replies, the sockets and ioredis say, in a few words.

/** Replies that mean "not now" or "not you": nothing was done, and waiting or an operator can help. */
const refusals = [
  ...['OOM', 'READONLY', 'LOADING', 'MASTERDOWN', 'BUSY', 'MISCONF', 'NOREPLICAS'],
  ...['CLUSTERDOWN', 'TRYAGAIN', 'MOVED', 'ASK'],
  ...['NOAUTH', 'WRONGPASS', 'NOPERM', 'The user executing the script'],
];

/** What begins the reply may stand after the place in the script, as Redis before 7 answered. */
const refusal = new RegExp(`(?:^|[-: ])((?:${refusals.join('|')}) .*)`, 's');
const place = / script: [0-9a-f]{40}, on @user_script:\d+\.\s*$/;

/** Replies of a script that can't read what is at its key: another version's entry, or nothing of dq's. */
const strange = /^(?:.*DQVERSION (.*)|.*(?:WRONGTYPE|user_script))/s;

/** Replies of a Redis that became a replica. */
const demoted = /\b(?:READONLY|MASTERDOWN) /;

/** Whether this error is Redis's reply to a command. */
export function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

/** Whether whoever looks up the master anew may find another one. */
export function isDemotion(error: Error): boolean {
  return demoted.test(error.message);
}

/** What is wrong with the entry; undefined: it isn't that. */
export function strangenessIn({ message }: Error): string | undefined {
  const found = strange.exec(message);
  if (found === null) return undefined;
  return (found[1] ?? `not written by dq: ${message}`).replace(place, '').trim();
}

/** Undefined when this reply is no refusal. */
export function refusalIn({ message }: Error): string | undefined {
  return refusal.exec(message)?.[1]?.replace(place, '').trim();
}

/**
 * What is wrong with the connection.
 * @param deadlineMs what a command, and with it the socket, was given to answer.
 */
export function faultOf(error: Error, deadlineMs: number): string {
  const { message, code, syscall }: NodeJS.ErrnoException = error;
  if (/^(?:Command timed out|Socket timeout)/.test(message)) {
    return `no reply within ${deadlineMs / 1000} s`;
  }
  // What ioredis says then is about itself
  if (message.startsWith('NOAUTH ')) return 'NOAUTH: it wants a password';
  if (/^(?:Unknown RESP type|Protocol error, got)/.test(message)) return 'what answers is no Redis';
  if (message.startsWith("Stream isn't writeable")) return 'not connected';
  if (error.name === 'MaxRetriesPerRequestError') return 'the connection was lost';
  // The name of the server says the address already, and an AggregateError says nothing.
  if (syscall !== undefined || message === '') return `${syscall ?? 'connect'} ${code ?? 'failed'}`;
  return message;
}
