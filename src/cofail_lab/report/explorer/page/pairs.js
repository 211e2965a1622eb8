// Two pools with one pairwise table.

import { extremalPools } from "../formulas/pools.js";
import { drawBars } from "./chart.js";
import { fixed, percent, points, share } from "./format.js";

/** Two pools with one pairwise table. */
export function pairs({ pool, wrong, correlation }) {
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
