"""cofail_lab: how much can combining models gain at most, and is their joint failure real?

A public name is imported when it is first used, because JAX alone takes over a second to import.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str
    from cofail_lab import bounds, claims, data, decisions, models
    from cofail_lab.api import certify, compare_laws, fit, fit_matrix, verify
    from cofail_lab.bounds.certificate import Certificate, certify_counts
    from cofail_lab.data import load_outcomes
    from cofail_lab.data.frames import from_dataframe
    from cofail_lab.errors import ConvergenceError, InputError
    from cofail_lab.estimate import Estimate
    from cofail_lab.fitting.estimators.tetrachoric import tetrachoric
    from cofail_lab.outcomes import Outcomes
    from cofail_lab.result import Result
    from cofail_lab.runs import load_result
    from cofail_lab.verdict import Verdict

_MODULE_OF = {
    "bounds": "",
    "claims": "",
    "data": "",
    "decisions": "",
    "models": "",
    "certify": "api",
    "compare_laws": "api",
    "fit": "api",
    "fit_matrix": "api",
    "verify": "api",
    "Certificate": "bounds.certificate",
    "certify_counts": "bounds.certificate",
    "from_dataframe": "data.frames",
    "load_outcomes": "data",
    "ConvergenceError": "errors",
    "InputError": "errors",
    "Estimate": "estimate",
    "tetrachoric": "fitting.estimators.tetrachoric",
    "Outcomes": "outcomes",
    "Result": "result",
    "load_result": "runs",
    "Verdict": "verdict",
}

__all__ = [
    "Certificate",
    "ConvergenceError",
    "Estimate",
    "InputError",
    "Outcomes",
    "Result",
    "Verdict",
    "bounds",
    "certify",
    "certify_counts",
    "claims",
    "compare_laws",
    "data",
    "decisions",
    "fit",
    "fit_matrix",
    "from_dataframe",
    "load_outcomes",
    "load_result",
    "models",
    "tetrachoric",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("cofail-lab")
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'cofail_lab' has no attribute {name!r}")
    module = _MODULE_OF[name]
    value = getattr(import_module(f"cofail_lab.{module}"), name) if module else import_module(f"cofail_lab.{name}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
