// Workers that die, alone or with all they started, and workers that are away for longer than a lease.

import type { Row } from '../row.ts';
import type { Stage } from '../stage.ts';

const deaths = 10;
const betweenDeaths = 600;
/** Longer than a lease (20 s), the suspicion (10 s) and what is rounded up between them. */
const longAway = 38_000;
/** Long enough to be hit in the middle. */
const handler = 'sleep 0.3';
const work = ['-j', '4'];
/** The handlers of the worker whose process id is in that file take nearly as long as it is away. */
const longFile = 'long';

export const workerRows: readonly Row[] = [
  {
    name: `kill -9 of a worker in the middle of its handlers, which live on, ×${deaths}`,
    handler,
    work,
    doubles: ['dead'],
    story: (stage) => killWorkers(stage, () => undefined),
  },
  {
    name: `kill -9 of a worker and of its handlers (its machine dies), ×${deaths}`,
    handler,
    work,
    doubles: ['dead'],
    story: (stage) => killWorkers(stage, killGroup),
  },
  {
    name: 'SIGSTOP of a worker for 38 s',
    handler,
    work,
    doubles: ['absent'],
    putFor: 20_000,
    story: async (stage) => {
      const worker = stage.worker(1);
      const runs = await stage.runsUnderWay(worker);
      worker.pause();
      stage.step(`SIGSTOP of ${worker.name} with ${runs.length} runs under way`);
      await stage.away(worker, longAway);
      worker.resume();
      stage.healed(`SIGCONT of ${worker.name}`);
    },
  },
  {
    name: 'one worker alone cut off from Redis for 38 s',
    handler: `read -r pid 2>&- < ${longFile}; if [ "$pid" = $PPID ]; then sleep 36; else sleep 0.3; fi`,
    doubles: ['absent'],
    putFor: 20_000,
    work,
    proxied: 'redis of worker 1',
    story: async (stage) => {
      const worker = stage.worker(1);
      stage.cluster.write(longFile, `${worker.pid}\n`);
      await stage.wait(1_500);
      stage.redisProxy?.stall();
      stage.cluster.remove(longFile);
      stage.step(`no byte passes between ${worker.name} and Redis`);
      await stage.away(worker, longAway);
      stage.redisProxy?.heal();
      stage.healed('the bytes pass again');
    },
  },
];

async function killWorkers(stage: Stage, alsoKill: (group: number) => void): Promise<void> {
  for (let death = 0; death < deaths; death++) {
    const worker = stage.workers.find(({ isAlive }) => isAlive)!;
    const runs = await stage.runsUnderWay(worker);
    await worker.kill();
    for (const { group } of runs) alsoKill(group);
    stage.step(`kill -9 of ${worker.name} with ${runs.length} runs under way`);
    stage.startWorker();
    await stage.wait(betweenDeaths);
  }
  stage.healed('that was the last one');
}

function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
