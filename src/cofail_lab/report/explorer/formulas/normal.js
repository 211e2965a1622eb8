// The normal law: its distribution function in logs, quantiles, and two normal variables with one threshold.

// log erfc(z) = log t - z² + P(t), t = 2/(2+z), z >= 0: P in Chebyshev polynomials of 2t - 1, to 1e-17.
const ERFC = [
  -0.651326859890854717, 0.64196979235649026, 0.0194764732041858363, -0.00956151478680863164, -0.000946595344482036866,
  0.000366839497852761452, 0.0000425233248069077716, -0.0000202785781125342432, -1.62429000464702551e-6,
  1.3036558355805232e-6, 1.56264417220661432e-8, -8.52380959149265425e-8, 6.5290544390988515e-9, 5.05934349555146894e-9,
  -9.91364156493033087e-10, -2.27365122293183586e-10, 9.6467911020155268e-11, 2.39403808303911474e-12,
  -6.8860275264975534e-12, 8.94487927309072572e-13, 3.13092139934295808e-13, -1.12708223613672524e-13,
  3.81090525518923206e-16, 7.10609761360923699e-15, -1.5230282014571043e-15, -9.457494571291234e-17,
  1.21023718922427899e-16, -2.81666308774717697e-17,
];
const LOG_ROOT_TWO_PI = Math.log(2 * Math.PI) / 2;

/** log Φ(x), to a relative error of Φ of 1e-14 at any x. */
export function logNormalCdf(x) {
  if (x > 0) return Math.log1p(-Math.exp(logNormalCdf(-x)));
  const t = 2 / (2 - x * Math.SQRT1_2);
  const y = 4 * t - 2;
  let b = 0;
  let before = 0;
  for (let k = ERFC.length - 1; k > 0; k--) [b, before] = [y * b - before + ERFC[k], b];
  return Math.log(t / 2) - (x * x) / 2 + (y / 2) * b - before + ERFC[0];
}

/** Φ(x). */
export function normalCdf(x) {
  return x > 0 ? 1 - Math.exp(logNormalCdf(-x)) : Math.exp(logNormalCdf(x));
}

/** φ(x)/Φ(x). */
function mills(x) {
  return Math.exp((-x * x) / 2 - LOG_ROOT_TWO_PI - logNormalCdf(x));
}

/** Φ^{-1}(p), p in (0, 1). */
export function normalQuantile(p) {
  if (p > 0.5) return -normalQuantile(1 - p);
  // log Φ is concave and rises: from the left, Newton's steps never pass the root.
  const target = Math.log(p);
  let x = -Math.sqrt(2 * Math.max(0.7, -target));
  for (let step = 0; step < 60; step++) {
    const move = (target - logNormalCdf(x)) / mills(x);
    x += move;
    if (Math.abs(move) < 1e-15 * (1 + Math.abs(x))) break;
  }
  return x;
}

/** Nodes and weights of Gauss and Legendre's rule on [-1, 1]. */
export function gaussLegendre(n) {
  const rule = [];
  for (let i = 1; i <= n; i++) {
    let x = Math.cos((Math.PI * (i - 0.25)) / (n + 0.5));
    let slope = 0;
    for (let step = 0; step < 12; step++) {
      let [last, value] = [1, x];
      for (let k = 2; k <= n; k++) [last, value] = [value, ((2 * k - 1) * x * value - (k - 1) * last) / k];
      slope = (n * (x * value - last)) / (x * x - 1);
      x -= value / slope;
    }
    rule.push({ x, weight: 2 / ((1 - x * x) * slope * slope) });
  }
  return rule;
}

const RULE = gaussLegendre(48);

/** Φ2(t, t; r): both of two standard normal variables with correlation r in (-1, 1) are below t. */
export function bothBelow(t, r) {
  // Plackett: its slope in r is the density at (t, t); r = sin θ takes the root away.
  const half = Math.asin(r) / 2;
  const sum = RULE.reduce(
    (total, { x, weight }) => total + weight * Math.exp((-t * t) / (1 + Math.sin(half * (1 + x)))),
    0,
  );
  return normalCdf(t) ** 2 + (half * sum) / (2 * Math.PI);
}

/**
 * Tetrachoric correlation of two models with error rate a that are wrong together with probability p: the r with
 * Φ2(t, t; r) = p; null where no r in [0, 1) has it.
 */
export function tetrachoric(a, p) {
  if (!(p >= a * a * (1 - 1e-12) && p < a)) return null;
  const t = normalQuantile(a);
  let [low, high] = [0, 1];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (bothBelow(t, middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
