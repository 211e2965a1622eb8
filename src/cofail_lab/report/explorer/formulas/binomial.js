// Exact binomial probabilities and limits: the incomplete beta function by a continued fraction, Loader's prefactor.

// log Γ(n + 1) less Stirling's formula, at whole numbers below 16, from mpmath.
const SMALL = [
  0, 0.0810614667953272582, 0.0413406959554092941, 0.0276779256849983391, 0.0207906721037650931, 0.0166446911898211922,
  0.013876128823070748, 0.0118967099458917701, 0.0104112652619720965, 0.00925546218271273292, 0.00833056343336287126,
  0.00757367548795184079, 0.00694284010720952987, 0.00640899418800420707, 0.00595137011275884774,
  0.00555473355196280137,
];

/** log n! less its Stirling formula, n a whole number. */
function stirlingError(n) {
  if (n < 16) return SMALL[n];
  const square = n * n;
  return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / n;
}

/** x log(x / mean) + mean - x without cancellation. */
function deviance(x, mean) {
  if (Math.abs(x - mean) > 0.1 * (x + mean)) return x * Math.log(x / mean) + mean - x;
  const v = (x - mean) / (x + mean);
  let sum = (x - mean) * v;
  let term = 2 * x * v;
  for (let k = 1; k < 1000; k++) {
    term *= v * v;
    const next = sum + term / (2 * k + 1);
    if (next === sum) break;
    sum = next;
  }
  return sum;
}

/** P(Binomial(n, p) = k), k and n whole. */
export function binomialProbability(k, n, p) {
  if (k === 0) return Math.exp(n * Math.log1p(-p));
  if (k === n) return Math.exp(n * Math.log(p));
  const exponent =
    stirlingError(n) - stirlingError(k) - stirlingError(n - k) - deviance(k, n * p) - deviance(n - k, n * (1 - p));
  return Math.exp(exponent) * Math.sqrt(n / (2 * Math.PI * k * (n - k)));
}

/** P(Binomial(n, p) <= k). */
export function binomialCdf(k, n, p) {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return incompleteBeta(n - k, k + 1, 1 - p, p);
}

/** I_x(a, b) for whole a and b >= 1; y = 1 - x is given apart, so that neither loses digits. */
function incompleteBeta(a, b, x, y) {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  return x * (a + b + 2) < a + 1 ? head(a, b, x, y) : 1 - head(b, a, y, x);
}

/** I_x(a, b) where x is below the mean: x^a y^b / (a B(a, b)) times a continued fraction, from the front (Lentz). */
function head(a, b, x, y) {
  const TINY = 1e-300;
  let c = 1;
  let d = 1 / Math.max(TINY, 1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let k = 1; k < 100000; k++) {
    const even = (k * (b - k) * x) / ((a + 2 * k - 1) * (a + 2 * k));
    d = 1 / (1 + even * d || TINY);
    c = 1 + even / c || TINY;
    value *= d * c;
    const odd = (-(a + k) * (a + b + k) * x) / ((a + 2 * k) * (a + 2 * k + 1));
    d = 1 / (1 + odd * d || TINY);
    c = 1 + odd / c || TINY;
    value *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return binomialProbability(a, a + b, x) * (b / (a + b)) * value;
}

/** One-sided lower Clopper-Pearson limit: the p at which k or more of n have probability delta; 0 where k = 0. */
export function clopperPearsonLower(k, n, delta) {
  if (k === 0) return 0;
  let [low, high] = [0, 1];
  for (let step = 0; step < 100 && high - low > 4e-16 * high; step++) {
    // In logs far from the root: a limit can be 1e-9.
    const middle = low > 0 && high > 4 * low ? Math.sqrt(low * high) : (low + high) / 2;
    if (incompleteBeta(k, n - k + 1, middle, 1 - middle) < delta) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** One-sided upper Clopper-Pearson limit; 1 where k = n. */
export function clopperPearsonUpper(k, n, delta) {
  return 1 - clopperPearsonLower(n - k, n, delta);
}
