// How much of an oracle's gain is luck, for models that are equally able (theory P10.i).

/**
 * m models, each right on a query with probability π, anew for every answer; over the queries π has a beta law with mean
 * `accuracy`, and `spread` in [0, 1] is how much of it lies between queries (0: all queries alike; 1: each query is
 * always right or always wrong).
 */
export function luck({ accuracy, spread, m }) {
  let allWrong;
  if (spread === 1) allWrong = 1 - accuracy;
  else if (spread === 0) allWrong = (1 - accuracy) ** m;
  else {
    // E(1-π)^m = Π (b + i)/(a + b + i), with a + b = 1/spread - 1.
    const total = 1 / spread - 1;
    let log = 0;
    for (let i = 0; i < m; i++) log += Math.log(((1 - accuracy) * total + i) / (total + i));
    allWrong = Math.exp(log);
  }
  return {
    allWrong,
    oracle: 1 - allWrong,
    // Equal models: whoever decides before the answers gets the accuracy of one of them.
    routable: accuracy,
    luck: 1 - allWrong - accuracy,
    // A second run of the same model on the same query has the same grade.
    agreement: 1 - 2 * accuracy * (1 - accuracy) * (1 - spread),
  };
}
