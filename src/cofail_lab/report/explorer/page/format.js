// Numbers as text, as report/numbers.py writes them.

/** A number with this many decimals; a tie goes to the even digit. */
function decimals(value, digits) {
  const scaled = value * 10 ** digits;
  const below = Math.floor(scaled);
  // Only a multiple of 2^-(digits+1) can be a tie.
  const tie = scaled - below === 0.5 && Number.isInteger(value * 2 ** (digits + 1));
  return (tie && below % 2 === 0 ? below / 10 ** digits : value).toFixed(digits);
}

function grouped(text) {
  return text.replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
}

function scientific(value, digits) {
  return value.toExponential(digits).replace(/e([+-])(\d)$/, "e$10$2");
}

/** 100 times a share, with more digits where it would read 0 or 100 and is neither. */
function hundredfold(share, digits) {
  const value = Number((100 * share).toPrecision(12)) + 0;
  const distance = Math.min(Math.abs(value), Math.abs(100 - Math.abs(value)));
  const needed = distance > 1e-300 ? Math.max(digits, Math.ceil(-Math.log10(distance))) : digits;
  if (needed <= 6) return decimals(value, needed);
  return Math.abs(value) < 1 ? scientific(value, 1) : decimals(value, digits);
}

/** A share: 4.5%. */
export function percent(share, digits = 1) {
  return `${hundredfold(share, digits)}%`;
}

/** A share given by its natural log; below 1e-9 a power of ten. */
export function percentOfLog(log) {
  return log < Math.log(1e-9) ? `10^${decimals(log / Math.LN10, 0)}` : percent(Math.exp(log));
}

/** A difference of shares: 3.5 points. */
export function points(share) {
  return `${hundredfold(Math.abs(share) < 1e-12 ? 0 : share, 1)} points`;
}

/** A whole number: 12,032. */
export function count(number) {
  return grouped(decimals(number, 0));
}

/** A ratio: 1.23×. */
export function ratio(value) {
  if (!Number.isFinite(value)) return "∞×";
  if (value && (value < 0.01 || value >= 1e6)) return `${scientific(value, 2)}×`;
  return `${grouped(decimals(value, value >= 100 ? 0 : value >= 10 ? 1 : 2))}×`;
}

/** A ratio given by its natural log, however large or small. */
export function ratioOfLog(log) {
  return Math.abs(log) < 600 ? ratio(Math.exp(log)) : `10^${decimals(log / Math.LN10, 0)}×`;
}

/** A correlation: 0.172. */
export function fixed(value) {
  return decimals(Number(decimals(value, 3)) + 0, 3);
}

/** Two limits in one form; points name their unit once. */
export function upTo(low, high, form) {
  return `${form(low).replace(" points", "")} to ${form(high)}`;
}

/** A share on an axis: 50%. */
export function share(tick) {
  return `${Math.round(100 * tick)}%`;
}

/** The number whose logarithm to base 10 a tick is: 1,000, 20, 0.01, 1e-6. */
export function power(tick) {
  if (tick < -3.5 || tick > 6.5) return `1e${Math.round(tick)}`;
  return Number((10 ** tick).toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 3 });
}
