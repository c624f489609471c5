// What can't be run here: figures of go-queue's package `dq`, recorded with Go on 2 cores, beanstalkd 1.12 and Redis
// 7.0 over loopback, 64-byte bodies, 3 nodes.

/** Copies/s of a pipelined C client on that machine, 3 nodes: how fast it was beside this one. */
const copiesThere = 466_000;

/** Jobs/s that its consumer ran at best there, 3 replicas. */
const consumedThere = 7_200;

export const goQueue = {
  put: { name: 'go-queue, producer, 3 copies', why: 'recorded: 17,000–25,000 jobs/s' },
  consume: { name: 'go-queue, consumer, 3 replicas', why: 'recorded: 4,600–7,200 jobs/s' },
  due: { name: 'go-queue, handler start after due', why: 'recorded: 460 ms early' },
  /** What its consumer would do here, in jobs/s. @param copies the C client's, per second, on 3 nodes. */
  consumedHere: (copies) => (consumedThere * copies) / copiesThere,
};
