// `npm run demo`: tells a story with real jobs, then ends all that it started, also on Ctrl-C.

import { parseArgs } from 'node:util';
import { Processes } from './processes.js';

/** Exit codes: the story went as told, it didn't, the words are wrong; 128 + the signal's number. */
const codes = { asTold: 0, otherwise: 1, usage: 2, SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

const story = chooseStory();
const { tell } = await import(story);
const processes = new Processes();
let over = false;
const code = await Promise.race([tell(processes).then(() => codes.asTold, report), interruption()]);
over = true;
await processes.close();
process.exit(code);

function chooseStory() {
  try {
    const { values } = parseArgs({ options: { cluster: { type: 'boolean' } } });
    return values.cluster ? './demo-cluster.js' : './demo-embedded.js';
  } catch (error) {
    process.stderr.write(`demo: ${error.message}\nusage: npm run demo [-- --cluster]\n`);
    return process.exit(codes.usage);
  }
}

function interruption() {
  return new Promise((resolve) => {
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) {
      process.on(signal, () => resolve(codes[signal]));
    }
  });
}

function report(error) {
  if (!over) process.stderr.write(`\ndemo: ${error.message}\n`);
  return codes.otherwise;
}
