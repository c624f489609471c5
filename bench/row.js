// A row of the table: the median and spread of what the rounds gave, and whether it is as good as it should be.

/** A target missed by more than this share fails the run: less is within what a busy machine does. */
const tolerance = 0.15;

/**
 * @param {string} name
 * @param {string} unit of the samples
 * @param {readonly number[]} samples one a round
 * @param {object} [against]
 * @param {readonly number[]} [against.ratios] one a round, to something measured beside it in that round
 * @param {string} [against.of] what that is
 * @param {number} [against.least] of the ratio, or of the samples when there are no ratios
 * @param {number} [against.most]
 */
export function row(name, unit, samples, { ratios, of, least, most } = {}) {
  const ratio = ratios && median(ratios);
  return {
    name,
    ...{ median: median(samples), spread: [Math.min(...samples), Math.max(...samples)], unit },
    ...{ ratio, of, ...judged(ratio ?? median(samples), { least, most }) },
  };
}

/** What couldn't be measured here. */
export function missing(name, why) {
  return { name, why };
}

/** `ok`: false when the target is missed by more than the tolerance. */
function judged(value, { least, most }) {
  if (least !== undefined) {
    return {
      target: `≥ ${least}`,
      met: value >= least,
      ok: value >= least * (1 - tolerance),
    };
  }
  if (most === undefined) return {};
  return { target: `≤ ${most}`, met: value <= most, ok: value <= most * (1 + tolerance) };
}

function median(values) {
  return quantile(values, 0.5);
}

export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (above - below) * (at - Math.floor(at));
}
