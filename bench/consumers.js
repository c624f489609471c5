// Has some processes of `consumer.js` run all jobs of a cluster, and checks that each ran once and nothing is left.

import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { lineOf } from './lab.js';

const file = fileURLToPath(new URL('consumer.js', import.meta.url));

/**
 * @param {import('./lab.js').Lab} lab
 * @param {import('./cluster.js').Cluster} cluster
 * @param {{ jobs: number, workers?: number, concurrency?: number, delayed?: number }} terms
 * @returns jobs/s, from the first consumer's start to the last job's run; and the largest memory of one, in MB.
 */
export async function consumeAll(lab, cluster, terms) {
  const { jobs, workers = 1, concurrency = 64, delayed = 0 } = terms;
  const words = [file, JSON.stringify({ ...cluster.options, concurrency })];
  const options = { env: cluster.env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] };
  const children = Array.from({ length: workers }, () => lab.start(words, options));
  await Promise.all(children.map((child) => once(child, 'message')));
  for (const child of children) child.send('start');
  await haveRun(children, jobs);
  await cluster.emptied(delayed);
  const reports = await Promise.all(children.map(ended));
  expectOnce(reports, jobs);
  const startedAt = Math.min(...reports.map((report) => report.startedAt));
  const lastAt = Math.max(...reports.map((report) => report.lastAt));
  const megabytes = Math.max(...reports.map(({ maxRss }) => maxRss)) / 1_024;
  return { speed: jobs / ((lastAt - startedAt) / 1_000), megabytes };
}

function haveRun(children, jobs) {
  const counts = children.map(() => 0);
  return new Promise((resolve, reject) => {
    children.forEach((child, at) => {
      child.on('message', ({ count }) => {
        counts[at] = count ?? counts[at];
        if (counts.reduce((sum, each) => sum + each) >= jobs) resolve();
      });
      child.once('exit', (code) => reject(new Error(`a consumer ended with ${code}`)));
    });
  });
}

async function ended(child) {
  child.send('stop');
  for (;;) {
    const [report] = await once(child, 'message');
    if (report.ran !== undefined) return report;
  }
}

function expectOnce(reports, jobs) {
  const ran = reports.flatMap((report) => report.ran);
  const different = new Set(ran);
  if (ran.length !== jobs || different.size !== jobs || !different.has(lineOf(jobs - 1))) {
    throw new Error(`${ran.length} runs of ${different.size} jobs, not one of each of ${jobs}`);
  }
}
