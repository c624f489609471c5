// A `Consumer` with an empty function, as a process of its own: `node consumer.js OPTIONS`, with OPTIONS as JSON.
//
// Tells its parent that it is ready and waits for a message; then tells how many jobs it has run, and after another
// message stops and tells the rest: { startedAt, lastAt, ran, maxRss }.

import { once } from 'node:events';
import { Consumer } from '../dist/index.js';

/** Between two reports, in ms. */
const period = 20;

const stop = new AbortController();
const ran = [];
let lastAt = 0;
const now = () => performance.timeOrigin + performance.now();

const consumer = new Consumer(JSON.parse(process.argv[2]));
process.send({ count: 0 });
await once(process, 'message');
process.once('message', () => stop.abort());
const reports = setInterval(() => process.send({ count: ran.length }), period);
const startedAt = now();
await consumer.consume((payload) => {
  ran.push(payload.toString());
  lastAt = now();
}, stop.signal);
clearInterval(reports);
process.send({ startedAt, lastAt, ran, maxRss: process.resourceUsage().maxRSS }, () => {
  process.disconnect();
});
