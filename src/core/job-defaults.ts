// What a job is put with unless the user says otherwise, and the most that can be said.

/** Smaller is more urgent; beanstalkd's own tools use the same. */
export const defaultPriority = 1024;
/**
 * How long a worker may be silent before the node gives the job to another, in seconds. A beanstalkd sees at once when
 * a worker is gone; the embedded queue only by this, so that it is no longer than a lease there.
 */
export const defaultTtr = { beanstalkd: 60, embedded: 20 };

/** The longest delay a beanstalkd can count, in seconds. */
export const longestDelay = 2 ** 32 - 1;
