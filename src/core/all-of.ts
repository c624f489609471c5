// Promise.all for values of which few are promises: those that are none cost nothing.

export async function allOf<Value>(values: readonly (Value | Promise<Value>)[]): Promise<Value[]> {
  const isPending = values.some((value) => value instanceof Promise);
  return isPending ? Promise.all(values) : (values as Value[]);
}
