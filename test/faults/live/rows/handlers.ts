// Handlers that do what handlers shouldn't.

import type { Row } from '../row.ts';

/** Every tenth job, as far as its key tells, and only in its first run. */
const sometimes = 'case $DQ_KEY$DQ_ATTEMPT in *[08]1)';

export const handlerRows: readonly Row[] = [
  {
    name: 'handlers that take 20 times their ttr of 1 s',
    jobs: 120,
    work: ['-j', '40'],
    words: ['--ttr', '1s'],
    handler: 'sleep 20',
    putFor: 2_000,
    story: quiet,
  },
  {
    name: 'handlers that fork and exit',
    work: ['-j', '16'],
    handler: 'sleep 3 & disown',
    story: quiet,
  },
  {
    name: 'handlers that ignore TERM beyond their --timeout of 1 s',
    work: ['-j', '12', '--timeout', '1s'],
    handler: `${sometimes} trap "" TERM; while :; do sleep 1; done;; esac`,
    story: quiet,
  },
  {
    name: 'handlers that ignore their stdin of 50 kB',
    padding: 'x'.repeat(50_000),
    jobs: 500,
    handler: ':',
    story: quiet,
  },
  {
    name: 'handlers that write 10 MB before they read',
    jobs: 40,
    handler: 'head -c 10485760 /dev/zero | tr "\\0" x; [ -n "$(cat)" ] || exit 1',
    story: quiet,
  },
];

/** Nothing else happens. */
function quiet(): Promise<void> {
  return Promise.resolve();
}
