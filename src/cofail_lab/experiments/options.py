"""The `run` config group."""

from __future__ import annotations

from dataclasses import dataclass

from cofail_lab import checks


@dataclass(frozen=True)
class RunOptions:
    """The `run` config group.

    Attributes:
        seed: of every random number of the run; the same seed gives the same result.
        draws: number of queries that an experiment simulates.
        chunk: draws that are in memory at once; never changes a result.
        shards: number of jobs that share the replicates and draws; never changes a result.
        shard: number of this job, from 0 on; None for the run as a whole.
        workers: at most this many processes compute replicates, matrices and laws of a fit, or verdicts on claims;
            None for all cores where a command has the machine for itself, and otherwise for this process alone. Never
            changes a result.
        smoke: whether as little is computed as still goes through every step, whatever the experiment asks for.
    """

    seed: int = 0
    draws: int = 1_000_000
    chunk: int = 65_536
    shards: int = 1
    shard: int | None = None
    workers: int | None = None
    smoke: bool = False

    def __post_init__(self) -> None:
        checks.within("run.seed", self.seed, 0, 2**64 - 1)
        checks.within("run.draws", self.draws, 1, 2**53)
        checks.within("run.chunk", self.chunk, 1, 2**31 - 1)
        checks.within("run.shards", self.shards, 1, 2**16)
        if self.workers is not None:
            checks.within("run.workers", self.workers, 1, 2**10)
        checks.flag("run.smoke", self.smoke)
        if self.shard is not None:
            checks.within("run.shard", self.shard, 0, self.shards - 1)
