// All-wrong rates of exchangeable error laws, in logs, and what one factor predicts from their pairs (theory P2).

import { bothBelow, logNormalCdf, normalQuantile, tetrachoric } from "./normal.js";

const DROP = 45; // what has fallen by e^-45 is left out
const TARGET = 1e-12; // relative error for which spacings are chosen

/** log(e^a + e^b). */
function logAdd(a, b) {
  const high = Math.max(a, b);
  return high === -Infinity ? high : high + Math.log1p(Math.exp(Math.min(a, b) - high));
}

/** log β of a common shock: with probability shock all are wrong, else all err independently. */
export function logAllWrongShock(rate, shock, m) {
  const base = (rate - shock) / (1 - shock);
  return logAdd(Math.log(shock), Math.log1p(-shock) + m * Math.log(base));
}

/** log β of a Clayton copula: -(1/θ) log(m α^{-θ} - m + 1); independent errors at θ = 0. */
export function logAllWrongClayton(rate, theta, m) {
  const log = Math.log(rate);
  return theta === 0 ? m * log : log - Math.log1p(-(m - 1) * Math.expm1(theta * log)) / theta;
}

/**
 * log ∫ φ(z) exp(g(z)) dz for a concave g, by the trapezoidal rule, outwards from 0 until nothing is left to add.
 *
 * For the laws here exp(g) at z + iy is at most exp((information - 1) y²/2) times its value at z; this spacing then proves
 * a relative error below TARGET (Trefethen and Weideman 2014, theorem 5.1; see numerics/one_factor.py of the lab).
 */
function logNormalMean(g, information) {
  const spacing = Math.sqrt((2 * Math.PI ** 2) / (information * Math.log(2.1 / TARGET)));
  const heights = [g(0)];
  let peak = heights[0];
  for (const side of [-spacing, spacing]) {
    for (let k = 1; ; k++) {
      const z = k * side;
      const height = g(z) - (z * z) / 2;
      // Concave: what has fallen so far below the highest point falls for ever.
      if (!(height > peak - DROP)) break;
      heights.push(height);
      peak = Math.max(peak, height);
    }
  }
  const sum = heights.reduce((total, height) => total + Math.exp(height - peak), 0);
  return peak + Math.log((sum * spacing) / Math.sqrt(2 * Math.PI));
}

/** log P(m scores √r Z + √(1-r) ε_i are all below t), r in [0, 1). */
export function logAllBelow(t, r, m) {
  if (r <= 0) return m * logNormalCdf(t);
  const [loading, scale] = [Math.sqrt(r), Math.sqrt(1 - r)];
  return logNormalMean((z) => m * logNormalCdf((t - loading * z) / scale), 1 + (m * r) / (1 - r));
}

/** log β of the Gaussian copula with one factor and the same latent correlation r in [0, 1) of every pair. */
export function logAllWrongGaussian(rate, r, m) {
  return logAllBelow(normalQuantile(rate), r, m);
}

/** How many families have how many members, if m models are dealt out to them in turn. */
function dealt(m, families) {
  const [each, more] = [Math.floor(m / families), m % families];
  return [
    [families - more, each],
    [more, each + 1],
  ].filter(([count, size]) => count * size > 0);
}

/** log β of the block law: latent correlation `within` families and `between` them, models dealt out in turn. */
export function logAllWrongBlock(rate, within, between, families, m) {
  const t = normalQuantile(rate);
  const groups = dealt(m, families);
  const inside = (within - between) / (1 - between);
  const family = (z, size) => logAllBelow((t - Math.sqrt(between) * z) / Math.sqrt(1 - between), inside, size);
  const all = (z) => groups.reduce((sum, [count, size]) => sum + count * family(z, size), 0);
  // What all answers together tell of Z at most.
  const known = ([count, size]) => (count * size * between) / (1 - within + size * (within - between));
  return logNormalMean(all, 1 + groups.map(known).reduce((a, b) => a + b));
}

/** Share of the pairs of m models that are of one family. */
function sameFamily(m, families) {
  const pairs = dealt(m, families).reduce((sum, [count, size]) => sum + (count * size * (size - 1)) / 2, 0);
  return pairs / ((m * (m - 1)) / 2);
}

/**
 * A law by name, with what is needed of it at pool size m >= 2: log β, the mean probability that two are wrong together,
 * and the mean tetrachoric correlation. `law` has the name, `rate` and the law's own parameters.
 */
export function lawAt(law, m) {
  const { name, rate } = law;
  if (name === "block") {
    const t = normalQuantile(rate);
    const share = sameFamily(m, law.families);
    const mean = (of) => share * of(law.within) + (1 - share) * of(law.between);
    return {
      logAllWrong: logAllWrongBlock(rate, law.within, law.between, law.families, m),
      both: mean((r) => bothBelow(t, r)),
      tetrachoric: mean((r) => r),
    };
  }
  const logAllWrong = {
    shock: (k) => logAllWrongShock(rate, law.shock, k),
    gaussian: (k) => logAllWrongGaussian(rate, law.correlation, k),
    clayton: (k) => logAllWrongClayton(rate, law.theta, k),
  }[name];
  const both = Math.exp(logAllWrong(2));
  return {
    logAllWrong: logAllWrong(m),
    both,
    tetrachoric: name === "gaussian" ? law.correlation : tetrachoric(rate, both),
  };
}

/** What one factor predicts for a pool from its pairs: at the tetrachoric correlation, and at the Pearson one. */
export function predicted(rate, both, r, m) {
  const pearson = Math.max(0, (both - rate * rate) / (rate * (1 - rate)));
  return {
    pearson,
    logOneFactor: r === null ? null : logAllWrongGaussian(rate, r, m),
    logOneFactorPearson: logAllWrongGaussian(rate, pearson, m),
  };
}
