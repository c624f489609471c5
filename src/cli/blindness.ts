// Whether a look at all jobs may have missed some: a job is accepted with `minReplicas` replicas, and may have no more.

/** @param unseen the endpoints that couldn't be asked. */
export function blindness(
  unseen: readonly string[],
  { minReplicas }: { readonly minReplicas: number },
): string | undefined {
  if (unseen.length < minReplicas) return undefined;
  return `${unseen.join(', ')} can't be asked: jobs may be out of sight`;
}
