// What totals certify: a panel is a function of its inputs that returns rows, a sentence for a decision, and figures.

import { certificate, leastQueries, queriesToDecide, successProbability } from "../formulas/certificate.js";
import { drawLines, drawRanges } from "./chart.js";
import { count, percent, points, share, upTo } from "./format.js";
import { Impossible } from "./state.js";

/** Totals: ceiling, certificates, how many queries to grade. */
export function totals({ K, n, best, m, confidence, overhead, success }) {
  if (best + K > n) {
    throw new Impossible(
      `${count(best)} right answers and ${count(K)} queries failed by all exceed ${count(n)} queries.`,
    );
  }
  if (m === 1 && best + K !== n)
    throw new Impossible("With one model, every query is answered right or failed by all.");
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
    [
      "ceiling of every router, vote and cascade",
      percent(1 - found.allWrong),
      `${upTo(1 - found.allWrongRange[1], 1 - found.allWrongRange[0], percent)} at ${at}`,
    ],
    ["the best model alone", percent(best / n), `${count(best)} of ${count(n)} queries`],
    ["gain of a perfect selector, as seen", points(found.gain), "ceiling less the best model"],
    ["its gain, both limits", upTo(least, most, points), `at ${at} together (P1.vii with P1.v)`],
    ["gain at most, paired", points(found.pairedMaxGain), `at ${at} (P1.v); decides against a router`],
    ["gain at most, from the ceiling", points(found.maxGain), `at ${at} (P1.iv)`],
    [
      "queries to grade in all",
      settled ? "enough" : enough ? count(wanted) : "—",
      settled
        ? "these totals decide"
        : enough
          ? "about so many decide, if rates stay as they are"
          : "the gain is too close to the overhead",
    ],
    [
      "fewest that can ever rule it out",
      count(fewest),
      `a gain of ${points(cost)}, if no failure of the best model is seen that another avoids`,
    ],
  ];
  let decision = `Not settled by ${count(n)} queries: the gain is anywhere from ${upTo(least, most, points)}, and your overhead of ${points(cost)} lies inside. `;
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
      x: {
        low: 0,
        high,
        title: "gain over the best model, points",
        format: (tick) => String(Number((100 * tick).toPrecision(3))),
      },
      ranges: [
        { name: "both limits, and what was seen", kind: "law", low: least, high: most, value: found.gain },
        { name: "at most, paired (P1.v)", kind: "one-factor", low: 0, high: found.pairedMaxGain },
        { name: "at most, from the ceiling (P1.iv)", kind: "pearson", low: 0, high: found.maxGain },
      ],
      mark: { name: `what combining costs: ${points(cost)}`, at: cost },
      finding: `The gain lies anywhere from ${upTo(least, most, points)}; the overhead is ${points(cost)}.`,
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
        {
          name: `if the true gain is as seen, ${points(found.gain)}`,
          kind: "law",
          points: curve(Math.min(found.gain, 1 - 1e-9)),
        },
        { name: "if there is no gain at all", kind: "one-factor", points: curve(0) },
      ],
      mark: Math.min(n, last),
      finding: `Probability that a gain of ${points(cost)} is ruled out, against the number of queries graded; now ${count(n)}.`,
    });
  }
}
