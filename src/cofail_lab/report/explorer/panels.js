// What each panel computes, says and draws. A panel is a function of its numbers that returns rows, a sentence, figures.

import { certificate, leastQueries, queriesToDecide, successProbability } from "./certificate.js";
import { drawBars, drawLines, drawRanges, power } from "./chart.js";
import { count, fixed, percent, percentOfLog, points, ratioOfLog } from "./format.js";
import { lawAt, predicted } from "./laws.js";
import { luck } from "./luck.js";
import { allWrongRange, extremalPools } from "./pools.js";
import { Impossible } from "./state.js";

const upTo = (low, high, form) => `${form(low).replace(" points", "")} to ${form(high)}`;
const share = (tick) => `${Math.round(100 * tick)}%`;

/** Totals: ceiling, certificates, how many queries to grade. */
export function totals({ K, n, best, m, confidence, overhead, success }) {
  if (best + K > n) {
    throw new Impossible(`${count(best)} right answers and ${count(K)} queries failed by all exceed ${count(n)} queries.`);
  }
  if (m === 1 && best + K !== n) throw new Impossible("With one model, every query is answered right or failed by all.");
  const delta = 1 - confidence / 100;
  const cost = overhead / 100;
  const found = certificate({ K, n, best, m, delta });
  const [least, most] = found.gainRange;
  const at = `${confidence}%`;
  const wanted = queriesToDecide({ n, best, K, m, delta, overhead: cost, probability: success / 100 });
  const fewest = leastQueries({ gain: cost, m, delta });
  const enough = wanted !== null && wanted > n;
  const room = least > cost;
  const none = m === 1 || found.pairedMaxGain < cost;
  const settled = none || room;
  const rows = [
    ["ceiling of every router, vote and cascade", percent(1 - found.allWrong), `${upTo(1 - found.allWrongRange[1], 1 - found.allWrongRange[0], percent)} at ${at}`],
    ["the best model alone", percent(best / n), `${count(best)} of ${count(n)} queries`],
    ["gain of a perfect selector, as seen", points(found.gain), "ceiling less the best model"],
    ["its gain, both limits", upTo(least, most, points), `at ${at} together (P1.vii with P1.v)`],
    ["gain at most, paired", points(found.pairedMaxGain), `at ${at} (P1.v); decides against a router`],
    ["gain at most, from the ceiling", points(found.maxGain), `at ${at} (P1.iv)`],
    ["queries to grade in all", settled ? "enough" : enough ? count(wanted) : "—", settled ? "these totals decide" : enough ? "about so many decide, if rates stay as they are" : "the gain is too close to the overhead"],
    ["fewest that can ever rule it out", count(fewest), `a gain of ${points(cost)}, if no failure of the best model is seen that another avoids`],
  ];
  let decision = `Not settled by ${count(n)} queries: the gain is between ${upTo(least, most, points)}, and your overhead of ${points(cost)} lies inside. `;
  decision += enough
    ? `Grade about ${count(wanted - n)} more before you decide.`
    : "More queries will hardly settle it: decide by what a router costs to keep.";
  if (room) {
    decision = `There is room: at ${at} a perfect selector gains at least ${points(least)}, more than the ${points(cost)} it costs you. Next, measure what real routers find of it.`;
  }
  if (none) {
    decision = `Do not build it: at ${at} no router, vote or cascade over these models gains more than ${points(found.pairedMaxGain)} over the best one, and yours costs ${points(cost)}.`;
  }
  if (m === 1) decision = "One model: there is nothing to combine.";
  return { rows, decision, draw: { gain: drawGain, success: drawSuccess } };

  function drawGain(host) {
    const high = Math.min(1, 1.15 * Math.max(most, found.maxGain, found.pairedMaxGain, cost, 0.01));
    drawRanges(host, {
      x: { low: 0, high, title: "gain over the best model, points", format: (tick) => String(Number((100 * tick).toPrecision(3))) },
      ranges: [
        { name: "both limits, and what was seen", kind: "law", low: least, high: most, value: found.gain },
        { name: "at most, paired (P1.v)", kind: "one-factor", low: 0, high: found.pairedMaxGain },
        { name: "at most, from the ceiling (P1.iv)", kind: "pearson", low: 0, high: found.maxGain },
      ],
      mark: { name: `what combining costs: ${points(cost)}`, at: cost },
      finding: `The gain lies between ${upTo(least, most, points)}; the overhead is ${points(cost)}.`,
    });
  }

  function drawSuccess(host) {
    const last = 2 * Math.max(fewest, enough ? wanted : 0, n);
    const sizes = [...new Set(Array.from({ length: 120 }, (_, i) => Math.max(1, Math.round((last * (i + 1)) / 120))))];
    const curve = (resolvable) =>
      sizes.map((size) => [size, successProbability({ n: size, gain: cost, resolvable, m, delta })]);
    drawLines(host, {
      x: { low: 0, high: last, title: "queries graded", format: count },
      y: { low: 0, high: 1, title: "probability", format: share },
      lines: [
        { name: `if the true gain is as seen, ${points(found.gain)}`, kind: "law", points: curve(Math.min(found.gain, 1 - 1e-9)) },
        { name: "if there is no gain at all", kind: "one-factor", points: curve(0) },
      ],
      mark: Math.min(n, last),
      finding: `Probability that a gain of ${points(cost)} is ruled out, against the number of queries graded; now ${count(n)}.`,
    });
  }
}

/** A law's all-wrong rate over pool sizes, what pairs predict, and what they leave open. */
export function tail(values) {
  const { law: name, size } = values;
  const law = {
    name,
    rate: values.rate / 100,
    shock: values.shock / 100,
    correlation: values.latent,
    theta: values.theta,
    within: values.within,
    between: values.between,
    families: values.families,
  };
  if (name === "shock" && law.shock >= law.rate) throw new Impossible("The shock must be rarer than a model's errors.");
  if (name === "block" && law.between > law.within) throw new Impossible("Families share more than strangers: within must be at least between.");
  const sizes = [...new Set(Array.from({ length: 24 }, (_, i) => Math.round(2 * (size / 2) ** (i / 23))))];
  const curve = sizes.map((m) => at(m));
  const last = curve[curve.length - 1];
  const log10 = (natural) => natural / Math.LN10;
  const ratio = last.logOneFactor === null ? null : last.logAllWrong - last.logOneFactor;
  const off = ratio === null ? "—" : ratioOfLog(ratio);
  const rows = [
    [`all ${count(size)} models wrong`, percentOfLog(last.logAllWrong), "of the queries, under this law"],
    ["one factor would predict", last.logOneFactor === null ? "—" : percentOfLog(last.logOneFactor), `from the error rate and the tetrachoric correlation, ${last.tetrachoric === null ? "—" : fixed(last.tetrachoric)}`],
    ["underpricing ratio", off, "the first over the second"],
    ["the same with Pearson's correlation", ratioOfLog(last.logAllWrong - last.logOneFactorPearson), `${fixed(last.pearson)}: the wrong transform, biased down`],
    ["what pairs leave open", upTo(last.range[0], last.range[1], percent), "every pool with these mean rates and pairs is inside"],
  ];
  const much = ratio === null || Math.abs(ratio) < Math.log(1.1) ? "about right here" : ratio > 0 ? `too low by a factor of ${off.replace("×", "")}` : `too high (${off})`;
  const decision = `At ${count(size)} models, what pairs predict is ${much}, and the same pairs allow anything from ${upTo(last.range[0], last.range[1], percent)}: before you pay for a larger pool, count the queries that all of its models fail.`;
  const x = { low: Math.log10(2), high: Math.log10(size), log: true, title: "models in the pool", format: power };
  const line = (label, kind, of) => ({ name: label, kind, points: curve.map((point) => [Math.log10(point.m), of(point)]).filter(([, value]) => value !== null) });
  return { rows, decision, draw: { tail: drawTail, ratio: drawRatio } };

  function at(m) {
    const found = lawAt(law, m);
    return { m, ...found, ...predicted(law.rate, found.both, found.tetrachoric, m), range: allWrongRange(law.rate, found.both, m) };
  }

  function drawTail(host) {
    const lowest = Math.min(log10(last.logAllWrong), log10(last.logOneFactor ?? last.logAllWrong));
    const low = Math.max(-12, Math.floor(lowest - 0.3));
    drawLines(host, {
      x,
      y: { low, high: 0, log: true, title: "share of queries all fail", format: power },
      lines: [
        line("this law", "law", (point) => log10(point.logAllWrong)),
        line("one factor, tetrachoric", "one-factor", (point) => (point.logOneFactor === null ? null : log10(point.logOneFactor))),
        line("one factor, Pearson", "pearson", (point) => log10(point.logOneFactorPearson)),
      ],
      band: { name: "all that pairs allow", points: curve.map((point) => [Math.log10(point.m), Math.log10(Math.max(1e-300, point.range[0])), Math.log10(Math.max(1e-300, point.range[1]))]) },
      finding: `The share of queries that all models fail falls to ${percentOfLog(last.logAllWrong)} at ${count(size)} models; one factor predicts ${last.logOneFactor === null ? "nothing" : percentOfLog(last.logOneFactor)}.`,
    });
  }

  function drawRatio(host) {
    const lines = [
      line("over one factor, tetrachoric", "one-factor", (point) => (point.logOneFactor === null ? null : log10(point.logAllWrong - point.logOneFactor))),
      line("over one factor, Pearson", "pearson", (point) => log10(point.logAllWrong - point.logOneFactorPearson)),
    ];
    const all = lines.flatMap(({ points: places }) => places.map(([, value]) => value));
    const y = { low: Math.floor(Math.min(-0.3, ...all)), high: Math.ceil(Math.max(0.3, ...all)), log: true, title: "true over predicted", format: power };
    drawLines(host, { x, y, lines, finding: `The true share is ${off} what one factor predicts at ${count(size)} models.` });
  }
}

/** Two pools with one pairwise table. */
export function pools({ pool, wrong, correlation }) {
  const rate = wrong / 100;
  const both = rate * rate + correlation * rate * (1 - rate);
  const { least, most } = extremalPools(rate, both, pool);
  const [low, high] = [least[pool], most[pool]];
  const rows = [
    ["wrong, each model", percent(rate), percent(rate)],
    ["wrong together, each pair", percent(both), percent(both)],
    ["correlation, each pair", fixed(correlation), fixed(correlation)],
    ["all wrong", percent(low), percent(high)],
    ["ceiling of combining", percent(1 - low), percent(1 - high)],
    ["gain of a perfect selector", points(rate - low), points(rate - high)],
  ];
  const decision = `Combining can gain ${points(rate - low)} in one pool and ${points(rate - high)} in the other, and no pairwise table tells them apart: ask for the number of queries that all models fail before you choose a pool.`;
  return { rows, decision, draw: { counts: drawCounts } };

  function drawCounts(host) {
    drawBars(host, {
      x: { low: -0.6, high: pool + 0.6, title: `wrong models of ${pool}`, format: (tick) => String(tick) },
      y: { low: 0, high: 1.05 * Math.max(...least, ...most), title: "share of queries", format: share },
      groups: [
        { name: "pool A, fewest all wrong", kind: "pool-a", heights: least },
        { name: "pool B, most all wrong", kind: "pool-b", heights: most },
      ],
      finding: `Two pools with the same pairs: all ${pool} models are wrong on ${percent(low)} of the queries in one, on ${percent(high)} in the other.`,
    });
  }
}

/** Luck of equal models. */
export function chance({ equal, accuracy, spread }) {
  const given = { accuracy: accuracy / 100, spread };
  const found = luck({ ...given, m: equal });
  const rows = [
    ["right, each model", percent(given.accuracy), "all are equal"],
    ["someone right, in one run", percent(found.oracle), "what a table of one run shows as the ceiling"],
    ["gain as it seems", points(found.luck), "that, less one model"],
    ["of it, what a router can have", points(found.routable - given.accuracy), "before the answers, equal models are equal"],
    ["same grade in a second run", percent(found.agreement), "of one model on one query: measure this"],
  ];
  const decision =
    found.luck < 0.0005
      ? "Nothing here is luck, and nothing is to be gained: equal models fail together."
      : `All ${points(found.luck)} are luck: a router that must choose before the answers gets none of them. Grade every query twice before you pay for one, and count only what the second run repeats.`;
  return { rows, decision, draw: { luck: drawLuck } };

  function drawLuck(host) {
    const last = Math.max(4, 2 * equal);
    const sizes = Array.from({ length: last }, (_, i) => i + 1).filter((m) => last < 200 || m % Math.ceil(last / 200) === 0 || m === 1);
    const low = Math.min(0.9, Math.floor(10 * given.accuracy) / 10);
    drawLines(host, {
      x: { low: 1, high: last, title: "equal models in the pool", format: count },
      y: { low, high: 1, title: "share of queries", format: share },
      lines: [
        { name: "someone right, in one run", kind: "law", points: sizes.map((m) => [m, luck({ ...given, m }).oracle]) },
        { name: "the most that a router reaches", kind: "one-factor", points: sizes.map((m) => [m, given.accuracy]) },
      ],
      mark: equal,
      finding: `With ${equal} equal models someone is right on ${percent(found.oracle)} of the queries; a router reaches ${percent(given.accuracy)}.`,
    });
  }
}
