"""What JAX computes on. An accelerator is given some arithmetic in another form, for the same numbers.

A form is chosen when a function is traced, for the default backend of the process.
"""

from contextlib import AbstractContextManager, nullcontext

import jax

_STANDS_IN = False


def stand_in() -> None:
    """From now on the CPU computes in the forms of an accelerator, for checks where there is none.

    To be called before anything is compiled: what is compiled keeps its form.
    """
    global _STANDS_IN
    _STANDS_IN = True


def accelerated() -> bool:
    """Whether computations take the forms of an accelerator."""
    return _STANDS_IN or jax.default_backend() != "cpu"


def memory() -> int | None:
    """Bytes that the smallest device of this process has; None for a CPU, which shares those of the machine."""
    stated = [device.memory_stats() for device in jax.devices()]
    return min(stats["bytes_limit"] for stats in stated) if all(stated) else None


def on_host() -> AbstractContextManager:
    """What is computed in this context is computed by the CPU, hence with the same last digits on every machine.

    Where JAX knows no CPU beside an accelerator (``JAX_PLATFORMS=cuda``) it changes nothing.
    """
    try:
        return jax.default_device(jax.devices("cpu")[0]) if jax.default_backend() != "cpu" else nullcontext()
    except RuntimeError:
        return nullcontext()
