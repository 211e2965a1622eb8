// What totals certify, and how many queries to grade (theory P1.iv to P1.viii).

import { binomialCdf, clopperPearsonLower, clopperPearsonUpper } from "./binomial.js";

/**
 * Limits of β and of the oracle gain from totals.
 * K of n queries are failed by all m models, the best model is right on `best`; delta is the error probability.
 */
export function certificate({ K, n, best, m, delta }) {
  const resolvable = n - best - K;
  return {
    allWrong: K / n,
    allWrongRange: [clopperPearsonLower(K, n, delta / 2), clopperPearsonUpper(K, n, delta / 2)],
    gain: resolvable / n,
    // P1.v: the least upper limit of a resolvable rate, each at 1 - delta/m.
    pairedMaxGain: clopperPearsonUpper(resolvable, n, delta / m),
    // P1.iv: limit of the ceiling less limit of the best accuracy, at delta/2 each, the second shared by the models.
    maxGain: 1 - clopperPearsonLower(K, n, delta / 2) - clopperPearsonLower(best, n, delta / (2 * m)),
    // P1.vii and P1.v at delta/2 each: both hold at once.
    gainRange:
      m === 1
        ? [0, 0]
        : [clopperPearsonLower(resolvable, n, delta / 2), clopperPearsonUpper(resolvable, n, delta / (2 * m))],
  };
}

/** Least n that certifies a gain of at most `gain` without one resolvable failure: ln(delta/m) / ln(1 - gain). */
export function leastQueries({ gain, m, delta }) {
  let n = Math.ceil(Math.log(delta / m) / Math.log1p(-gain));
  while (n > 1 && (1 - gain) ** (n - 1) <= delta / m) n--;
  while ((1 - gain) ** n > delta / m) n++;
  return n;
}

/**
 * How many queries certify a gain of at most `gain` with the wanted probability, if the best model's resolvable rate is
 * `resolvable`: the least n from which on none fails it. null where none up to `search` does.
 */
export function plan({ gain, resolvable, m, delta, probability, search = 200000 }) {
  const least = leastQueries({ gain, m, delta });
  const none = { queries: null, allowed: null, probability: null, least };
  if (resolvable >= gain) return none;
  let answer = null;
  let allowed = 0;
  // The probability falls a little with every n and jumps where one more failure is allowed.
  for (let n = least; n <= search; allowed++) {
    const following = firstWith(allowed + 1, gain, delta / m, n);
    const lowest = binomialCdf(allowed, following - 1, resolvable);
    if (lowest < probability) answer = null;
    else answer ??= { n, allowed };
    if (lowest > (1 + probability) / 2) break;
    n = following;
  }
  if (answer === null) return none;
  const reached = binomialCdf(answer.allowed, answer.n, resolvable);
  return { queries: answer.n, allowed: answer.allowed, probability: reached, least };
}

/** Least n > above with P(Binomial(n, gain) <= failures) <= level. */
function firstWith(failures, gain, level, above) {
  let [low, high] = [above, 2 * above];
  while (binomialCdf(failures, high, gain) > level) [low, high] = [high, 2 * high];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (binomialCdf(failures, middle, gain) <= level) high = middle;
    else low = middle;
  }
  return high;
}

/** Probability that n queries certify a gain of at most `gain`, if the best model's resolvable rate is `resolvable`. */
export function successProbability({ n, gain, resolvable, m, delta }) {
  let [low, high] = [-1, n];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    // The upper limit is at most `gain` where so few failures are unlikely at that rate.
    if (binomialCdf(middle, n, gain) <= delta / m) low = middle;
    else high = middle;
  }
  return low < 0 ? 0 : binomialCdf(low, n, resolvable);
}

/**
 * About how many queries settle whether the gain exceeds the overhead, if rates stay as they are: below the overhead with
 * the wanted probability, above it with about one half. null where more than `search` are needed.
 */
export function queriesToDecide({ K, n, best, m, delta, overhead, probability, search = 200000 }) {
  const resolvable = (n - best - K) / n;
  if (resolvable < overhead) return plan({ gain: overhead, resolvable, m, delta, probability, search }).queries;
  // The lower limit of so many failures is at most the overhead where at least as many are likely enough at that rate.
  const below = (size) => 1 - binomialCdf(Math.round(resolvable * size) - 1, size, overhead) >= delta;
  let high = n;
  while (below(high)) {
    high *= 2;
    if (high > search) return null;
  }
  let low = Math.floor(high / 2);
  while (high - low > Math.max(1, Math.floor(low / 100))) {
    const middle = Math.floor((low + high) / 2);
    if (below(middle)) low = middle;
    else high = middle;
  }
  return high;
}
