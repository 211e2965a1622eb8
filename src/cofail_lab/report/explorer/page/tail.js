// How joint failure shrinks as a pool grows, what pairs predict, and what they leave open.

import { lawAt, predicted } from "../formulas/laws.js";
import { allWrongRange } from "../formulas/pools.js";
import { drawLines } from "./chart.js";
import { count, fixed, percent, percentOfLog, power, ratioOfLog, upTo } from "./format.js";
import { Impossible } from "./state.js";

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
  if (name === "block" && law.between > law.within)
    throw new Impossible("Families share more than strangers: within must be at least between.");
  const sizes = [...new Set(Array.from({ length: 24 }, (_, i) => Math.round(2 * (size / 2) ** (i / 23))))];
  const curve = sizes.map((m) => at(m));
  const last = curve[curve.length - 1];
  const log10 = (natural) => natural / Math.LN10;
  const ratio = last.logOneFactor === null ? null : last.logAllWrong - last.logOneFactor;
  const off = ratio === null ? "—" : ratioOfLog(ratio);
  const rows = [
    [`all ${count(size)} models wrong`, percentOfLog(last.logAllWrong), "of the queries, under this law"],
    [
      "one factor would predict",
      last.logOneFactor === null ? "—" : percentOfLog(last.logOneFactor),
      `from the error rate and the tetrachoric correlation, ${last.tetrachoric === null ? "—" : fixed(last.tetrachoric)}`,
    ],
    ["underpricing ratio", off, "the first over the second"],
    [
      "the same with Pearson's correlation",
      ratioOfLog(last.logAllWrong - last.logOneFactorPearson),
      `${fixed(last.pearson)}: the wrong transform, biased down`,
    ],
    [
      "what pairs leave open",
      upTo(last.range[0], last.range[1], percent),
      "every pool with these mean rates and pairs is inside",
    ],
  ];
  const much =
    ratio === null || Math.abs(ratio) < Math.log(1.1)
      ? "about right here"
      : ratio > 0
        ? `too low by a factor of ${off.replace("×", "")}`
        : `too high (${off})`;
  const decision = `At ${count(size)} models, what pairs predict is ${much}, and the same pairs allow anything from ${upTo(last.range[0], last.range[1], percent)}: before you pay for a larger pool, count the queries that all of its models fail.`;
  const x = { low: Math.log10(2), high: Math.log10(size), log: true, title: "models in the pool", format: power };
  const line = (label, kind, of) => ({
    name: label,
    kind,
    points: curve.map((point) => [Math.log10(point.m), of(point)]).filter(([, value]) => value !== null),
  });
  return { rows, decision, draw: { tail: drawTail, ratio: drawRatio } };

  function at(m) {
    const found = lawAt(law, m);
    return {
      m,
      ...found,
      ...predicted(law.rate, found.both, found.tetrachoric, m),
      range: allWrongRange(law.rate, found.both, m),
    };
  }

  function drawTail(host) {
    const lowest = Math.min(log10(last.logAllWrong), log10(last.logOneFactor ?? last.logAllWrong));
    const low = Math.max(-12, Math.floor(lowest - 0.3));
    drawLines(host, {
      x,
      y: { low, high: 0, log: true, title: "share of queries all fail", format: power },
      lines: [
        line("this law", "law", (point) => log10(point.logAllWrong)),
        line("one factor, tetrachoric", "one-factor", (point) =>
          point.logOneFactor === null ? null : log10(point.logOneFactor),
        ),
        line("one factor, Pearson", "pearson", (point) => log10(point.logOneFactorPearson)),
      ],
      band: {
        name: "all that pairs allow",
        points: curve.map((point) => [
          Math.log10(point.m),
          Math.log10(Math.max(1e-300, point.range[0])),
          Math.log10(Math.max(1e-300, point.range[1])),
        ]),
      },
      finding: `The share of queries that all models fail falls to ${percentOfLog(last.logAllWrong)} at ${count(size)} models; one factor predicts ${last.logOneFactor === null ? "nothing" : percentOfLog(last.logOneFactor)}.`,
    });
  }

  function drawRatio(host) {
    const lines = [
      line("over one factor, tetrachoric", "one-factor", (point) =>
        point.logOneFactor === null ? null : log10(point.logAllWrong - point.logOneFactor),
      ),
      line("over one factor, Pearson", "pearson", (point) => log10(point.logAllWrong - point.logOneFactorPearson)),
    ];
    const all = lines.flatMap(({ points: places }) => places.map(([, value]) => value));
    const y = {
      low: Math.floor(Math.min(-0.3, ...all)),
      high: Math.ceil(Math.max(0.3, ...all)),
      log: true,
      title: "true over predicted",
      format: power,
    };
    drawLines(host, {
      x,
      y,
      lines,
      finding: `The true share is ${off} what one factor predicts at ${count(size)} models.`,
    });
  }
}
