// The demo without any service: jobs in a file of this machine; retries, and a job that is given up.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dq, instantIn, runsIn, say, show } from './story.js';

const handler = `#!/bin/sh
payload=$(cat)
echo "$(date +%T) $payload (attempt $DQ_ATTEMPT)" | tee -a ran.txt
case $payload in
  flaky) [ "$DQ_ATTEMPT" -gt 1 ] ;;  # succeeds the second time
  broken) exit 65 ;;                 # will never succeed: bury it
esac
`;

const expected = [
  'now (attempt 1)',
  'flaky (attempt 1)',
  'broken (attempt 1)',
  'after two seconds (attempt 1)',
  'flaky (attempt 2)',
  'at an instant (attempt 1)',
];

/** @throws {Error} when anything isn't as the story says. */
export async function tell(processes) {
  const write = (name, text, mode) => writeFileSync(join(processes.folder, name), text, { mode });
  write('handler.sh', handler, 0o755);

  say(
    'No servers, no configuration: the jobs are kept in a file. Now, after a delay, at an instant:',
  );
  await dq(processes, "put 'now'");
  await dq(processes, "put --delay 2s 'after two seconds'");
  await dq(processes, `at ${instantIn(4)} 'at an instant'`);
  await dq(processes, 'put flaky');
  await dq(processes, 'put broken');

  say(
    'A worker runs a command for each job, tries again what fails, and buries what never will succeed.',
  );
  show('cat handler.sh', handler);
  await dq(processes, 'work --drain=10s -- ./handler.sh', { expected: 1 });

  expectRuns(readFileSync(join(processes.folder, 'ran.txt'), 'utf8'));
  say('Each job ran when it was due. (Exit 1 of --drain says that one was buried.)');
}

function expectRuns(ran) {
  const runs = runsIn(ran);
  if (runs.toSorted().join('\n') === expected.toSorted().join('\n')) return;
  throw new Error(`not every job ran as it should: ${runs.join(', ')}`);
}
