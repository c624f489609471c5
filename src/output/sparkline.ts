// Some numbers as a line of bars, the latest at its end.

const bars = '▁▂▃▄▅▆▇█';

/** From zero to the largest of them; 0 is a blank. */
export function sparkline(values: readonly number[]): string {
  const largest = Math.max(...values);
  return values
    .map((value) => (value > 0 ? bars.charAt(Math.ceil((value / largest) * bars.length) - 1) : ' '))
    .join('');
}
