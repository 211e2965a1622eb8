// What a run of equal models seems to offer, and what of it is luck.

import { luck } from "../formulas/luck.js";
import { drawLines } from "./chart.js";
import { count, percent, points, share } from "./format.js";

/** Luck of equal models. */
export function chance({ equal, accuracy, spread }) {
  const given = { accuracy: accuracy / 100, spread };
  const found = luck({ ...given, m: equal });
  const rows = [
    ["right, each model", percent(given.accuracy), "all are equal"],
    ["someone right, in one run", percent(found.oracle), "what a table of one run shows as the ceiling"],
    ["gain as it seems", points(found.luck), "that, less one model"],
    [
      "of it, what a router can have",
      points(found.routable - given.accuracy),
      "before the answers, equal models are equal",
    ],
    ["same grade in a second run", percent(found.agreement), "of one model on one query: measure this"],
  ];
  const decision =
    found.luck < 0.0005
      ? "Nothing here is luck, and nothing is to be gained: equal models fail together."
      : `All ${points(found.luck)} are luck: a router that must choose before the answers gets none of them. Grade every query twice before you pay for one, and count only what the second run repeats.`;
  return { rows, decision, draw: { luck: drawLuck } };

  function drawLuck(host) {
    const last = Math.max(4, 2 * equal);
    const sizes = Array.from({ length: last }, (_, i) => i + 1).filter(
      (m) => last < 200 || m % Math.ceil(last / 200) === 0 || m === 1,
    );
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
