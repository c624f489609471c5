// What a function that must refuse its arguments refuses them with.

import { DqError } from '../../../src/core/errors.ts';

/** The usage error that `call` throws; anything else fails the test. */
export function refusal(call: () => unknown): DqError {
  const { refused } = attempt(call);
  if (refused === undefined) throw new Error('it was not refused');
  return refused;
}

/** The value of `call`, or the usage error, on one line, that it throws; anything else fails the test. */
export function attempt<Value>(
  call: () => Value,
):
  | { readonly value: Value; readonly refused?: undefined }
  | { readonly value?: undefined; readonly refused: DqError } {
  try {
    return { value: call() };
  } catch (thrown) {
    if (!(thrown instanceof DqError) || thrown.kind !== 'usage') throw thrown;
    if (/[\n\r]/.test(thrown.message + (thrown.hint ?? ''))) throw thrown;
    return { refused: thrown };
  }
}
