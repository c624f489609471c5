// Rows as a table that people read in a terminal and in a README (Markdown).

const heads = ['what', 'median', 'low – high', 'ratio', 'target'];

export function table(rows) {
  const lines = [heads, ...rows.map(cellsOf)];
  const widths = heads.map((_, at) => Math.max(...lines.map((cells) => cells[at].length)));
  const line = (cells) => `| ${cells.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |`;
  const rule = widths.map((width) => '-'.repeat(width));
  const [first, ...others] = lines;
  return [first, rule, ...others].map(line).join('\n');
}

function cellsOf({ name, why, median, spread, unit, ratio, of, target, met, ok }) {
  if (why !== undefined) return [name, why, '', '', ''];
  const verdict = met === true ? '' : ok === true ? ', just missed' : ', missed';
  return [
    name,
    `${number(median)} ${unit}`,
    spread[0] === spread[1] ? '' : spread.map(number).join(' – '),
    ratio === undefined ? '' : `${number(ratio)} × ${of}`,
    target === undefined ? '' : `${target}${verdict}`,
  ];
}

/** Three digits that matter. */
function number(value) {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}
