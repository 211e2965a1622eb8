// What a pairwise table leaves open: the range of β, and two pools at its ends (theory P3.ii, P3.vi).

/** Least and greatest probability that two of m alike models with this error rate are wrong together. */
export function pairRange(rate, m) {
  // The number of right models has mean S; its variance is least on the two whole numbers around the mean.
  const mean = m * rate;
  const below = Math.floor(mean + 1e-12);
  const least = below * (below - 1) + 2 * below * (mean - below);
  return [Math.max(0, least / (m * (m - 1))), rate];
}

/**
 * The two exchangeable pools of m models with error rate `rate` and pairwise rate `both` that are wrong together least
 * and most often: for each, the probability of c wrong models, c = 0..m. Any pool with these mean rates lies between.
 */
export function extremalPools(rate, both, m) {
  // In R, the number of right models: mean and second moment.
  const first = m * (1 - rate);
  const second = m * (m - 1) * (1 - 2 * rate + both) + first;
  return {
    // On {0, k, k+1} as many are all wrong as can be, on {j, j+1, m} as few.
    most: onThree(first, second, m, 0, second / first),
    least: onThree(first, second, m, m, (m * first - second) / (m - first)),
  };
}

/** The law of the number of wrong models with R on `end` and on the two whole numbers around `around`. */
function onThree(first, second, m, end, around) {
  const k = Math.min(Math.max(Math.floor(around + 1e-12), end === 0 ? 1 : 0), end === 0 ? m - 1 : m - 2);
  const law = new Array(m + 1).fill(0);
  // Each point's probability is the mean of the polynomial that is 1 there and 0 at the other two.
  const nodes = [end, k, k + 1];
  for (const node of nodes) {
    const [a, b] = nodes.filter((other) => other !== node);
    law[m - node] += (second - (a + b) * first + a * b) / ((node - a) * (node - b));
  }
  return law.map((p) => Math.max(0, p));
}

/** Range of β over all pools with these mean rates. */
export function allWrongRange(rate, both, m) {
  if (m === 2) return [both, both];
  const { least, most } = extremalPools(rate, both, m);
  return [least[m], most[m]];
}
