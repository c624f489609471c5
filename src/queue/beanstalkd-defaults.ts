// What holds for every connection to a beanstalkd unless said otherwise.

/** How long it may take to connect, and to reply, in ms. */
export const defaultTimeout = 2_000;

/** The tube that a fresh connection uses and watches. */
export const defaultTube = 'default';

/** dq's own: `dq list` puts a job into it and deletes it again, to learn the newest id. */
export const probeTube = 'dq.probe';
