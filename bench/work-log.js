// The log of `dq work`, lines of `<time> <event> <fact>=<value>…`: when which jobs were done.

/**
 * @param {readonly string[]} logs one a worker
 * @returns ms since the epoch: when the first worker began, and when the last job was done.
 * @throws {Error} unless so many jobs were done, each once, and nothing else happened to a job.
 */
export function expectEachDone(logs, count) {
  const events = logs.flatMap(parse);
  const of = (name) => events.filter(({ event }) => event === name);
  const done = of('done');
  const keys = new Set(done.map(({ key }) => key));
  const others = events.find(({ event }) => event !== 'done' && event !== 'working');
  if (others !== undefined) throw new Error(`a worker said: ${others.line}`);
  if (done.length !== count || keys.size !== count) {
    throw new Error(`${done.length} runs of ${keys.size} jobs, not one of each of ${count}`);
  }
  const times = (list) => list.map(({ time }) => time);
  return {
    startedAt: times(of('working')).reduce((a, b) => Math.min(a, b)),
    lastDoneAt: times(done).reduce((a, b) => Math.max(a, b)),
  };
}

function parse(log) {
  return log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [time, event] = line.split(' ', 2);
      return { line, event, time: Date.parse(time), key: /\bkey=(\S+)/.exec(line)?.[1] };
    });
}
