// A process of its own on an embedded queue, for the tests: `put FOLDER NAME COUNT` or `work FOLDER`.

import { writeSync } from 'node:fs';
import { keyOf } from '../../dist/core/key.js';
import { openEmbedded } from '../../dist/embedded/embedded.js';
import { Puts } from '../../dist/queue/puts.js';

const [mode, folder, name, count] = process.argv.slice(2);

/** Short, so that what a killed worker held comes back soon; longer than a busy machine lets a process wait. */
const terms = { ttl: Infinity, lease: 5_000, suspicion: 2_000 };
const options = { delay: 0, priority: 1024, ttr: 5 };

const embedded = await openEmbedded({ folder });
const node = embedded.node('mail');

/** Written at once: a kill right afterwards doesn't lose it. */
function say(word, payload) {
  writeSync(1, `${word} ${payload}\n`);
}

async function put() {
  const inFlight = 10;
  for (let at = 0; at < Number(count); at += inFlight) {
    const names = Array.from({ length: inFlight }, (_, more) => `${name}-${at + more}`);
    await Promise.all(
      names.map(async (each) => {
        const puts = new Puts([{ envelope: Buffer.from(`1/${each}`), options }]);
        const [answer] = (await node.putAll(puts)).answers;
        if (typeof answer !== 'bigint') throw answer;
        say('accepted', each);
      }),
    );
  }
  embedded.close();
}

async function work() {
  const ledger = embedded.ledger(terms);
  for (let claims = 0; ; claims++) {
    const reservation = await node.reserve(60);
    if (reservation === undefined) continue;
    const job = { tube: 'mail', key: keyOf(reservation.envelope), dueMs: 0 };
    const token = `${process.pid}.${claims}`;
    const answer = await ledger.claim(job, { token, maxDeaths: 100 });
    if (answer.kind === 'granted') {
      say('ran', reservation.envelope.toString().slice('1/'.length));
      await ledger.done(job, answer.claim, 0);
    }
    if (answer.kind === 'granted' || answer.kind === 'done') await reservation.delete();
    else await reservation.release(Math.ceil(answer.waitMs / 1_000));
  }
}

await (mode === 'put' ? put() : work());
