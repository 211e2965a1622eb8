"""The laws of a proposition at the points of its box: the law of the run, and others matched to its rates."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cofail_lab.claims.checking.matching import FREE, PARAMETERS, matched
from cofail_lab.errors import InputError
from cofail_lab.language.closed_forms import CLOSED_FORMS
from cofail_lab.language.pools import LARGEST_LIST, LAWS, AbstractPool, BuiltPool, ClosedPool, build, law_name
from cofail_lab.models import AbstractErrorLaw

DEFAULT_BOXES: Mapping[str, Mapping[str, Any]] = {
    "independent": {"error_rate": [0.01, 0.95], "m": [3, 200]},
    "common_shock": {"shock": [0.001, 0.9], "base_error_rate": [0.01, 0.95], "m": [3, 200]},
    "clayton": {"theta": [0.1, 10], "error_rate": [0.01, 0.9], "m": [3, 200]},
    "one_factor_gaussian": {"error_rate": [0.01, 0.9], "correlation": [0.01, 0.95], "m": [3, 200]},
    "beta_mixing": {"a": [0.1, 10], "b": [0.1, 10], "m": [3, 200]},
}
"""Where a proposition about a law is tried that names no box."""

MATCHED = ("error_rate", "pair")
"""What other laws can be made to share with the law of the run."""


@dataclass(frozen=True)
class Laws:
    """The laws that a proposition names.

    Attributes:
        driver: name of the law that the box describes; empty where the proposition is about numbers alone.
        alias: the names by which the proposition calls laws, to names in ``conf/law``; "" is the driver.
        fixed: parameters of the driver that the box leaves out, from the configuration; lists are (width,).
        match: what the other laws share with the driver.
        configured: the law of the configuration, for laws without a closed form.
    """

    driver: str
    alias: Mapping[str, str]
    fixed: Mapping[str, Any]
    match: tuple[str, ...]
    configured: AbstractErrorLaw | None

    @property
    def slow(self) -> bool:
        """Whether a law is built point by point."""
        return bool(self.driver) and self.driver not in CLOSED_FORMS

    def pools(self, points: Mapping[str, np.ndarray]) -> dict[str, AbstractPool]:
        """Every law at these points, by the names that the proposition uses."""
        if not self.driver:
            return {}
        n = len(next(iter(points.values())))
        driver = self._driver(points, n)
        made: dict[str, AbstractPool] = {self.driver: driver}
        for name in self.alias.values():
            if name not in made:
                made[name] = matched(name, driver, self.match, points, n)
        return {alias: made[name] for alias, name in self.alias.items()}

    def _driver(self, points: Mapping[str, np.ndarray], n: int) -> AbstractPool:
        if self.driver in CLOSED_FORMS:
            parameters = {}
            for name in PARAMETERS[self.driver]:
                given = points.get(name, points.get(f"{name}s"))
                if given is None:
                    given = np.broadcast_to(np.asarray(self.fixed[name], dtype=float), (n, *np.shape(self.fixed[name])))
                parameters[name] = given
            return ClosedPool(self.driver, parameters)
        return self._built(points, n)

    def _built(self, points: Mapping[str, np.ndarray], n: int) -> BuiltPool:
        if self.configured is None:
            raise InputError(f"law: {self.driver} is built from its configuration; add law={self.driver}")
        kind: Any = type(self.configured)
        width = self.configured.n_models
        fields = tuple(inspect.signature(kind.__init__).parameters)[1:]
        start: dict[str, Any] = {
            name: getattr(self.configured, name) for name in fields if hasattr(self.configured, name)
        }
        # A name that is a method is what the method returns.
        start = {name: value() if callable(value) else value for name, value in start.items()}
        laws = []
        for point in range(n):
            changed = dict(start)
            for name, column in points.items():
                value = column[point]
                if name in fields:
                    changed[name] = _normalized(name, value) if column.ndim == 2 else float(value)
                elif f"{name}s" in fields:
                    changed[f"{name}s"] = np.full(width, value)
            if "n_models" in changed:
                changed["n_models"] = width
            laws.append(kind(**changed))
        lists = [np.asarray(start[name]) for name in fields if name.endswith("s") and np.ndim(start.get(name, 0)) == 1]
        own = any(column.ndim == 2 for column in points.values())
        unlike = hasattr(self.configured, "block") or hasattr(self.configured, "correlation") or own
        mixing = kind.__name__.startswith("Exchangeable")
        alike = mixing or (not unlike and all(np.ptp(x) == 0 for x in lists if len(x) == width))
        return BuiltPool(laws, alike)


def _normalized(name: str, values: np.ndarray) -> np.ndarray:
    """Drawn weights and probabilities add up to one."""
    return values / values.sum() if name in ("weights", "count_probs") else values


def parameters_of(names: Iterable[str], law: AbstractErrorLaw | None) -> tuple[str, ...]:
    """Names of the parameters of the law of the run and of others; those of an object are what builds it."""
    known = [PARAMETERS.get(law_name(name, "claim.says"), ()) for name in names if name]
    own: tuple[str, ...] = ()
    if law is not None:
        own = PARAMETERS.get(_name_of(law)) or tuple(inspect.signature(type(law).__init__).parameters)[1:]
    return (*own, *(key for keys in known for key in keys))


def read_laws(
    names: Sequence[str], law: AbstractErrorLaw | None, match: Sequence[str], over: Mapping[str, Any] | None
) -> tuple[Laws, dict[str, Any]]:
    """The laws that a proposition names, and its box with what the configuration adds.

    Args:
        names: as it calls them; "" is the law of the run.
        law: of the configuration.
        match: what the others share with it.
        over: the box as given.

    Raises:
        InputError: a law that is needed and missing, or a parameter that none has.
    """
    if not names and law is None:
        if not over:
            raise InputError("claim.over: null; a proposition about numbers alone needs a box, such as {auc: [0.5, 1]}")
        return Laws("", {}, {}, (), None), dict(over)
    alias = {name: law_name(name, "claim.says") for name in names if name}
    driver = next(iter(alias.values()), "") if law is None else _name_of(law)
    if "" in names and not driver:
        raise InputError("law: the proposition asks for quantities of a law; name one such as law=clayton")
    alias[""] = driver
    others = sorted(set(alias.values()) - {driver})
    if others and "error_rate" not in match:
        raise InputError(
            f"claim.match: {list(match)}; {others[0]} has to share something with {driver}: [error_rate, pair]"
        )
    for name in others if "pair" not in match else ():
        free = FREE.get(name, ())
        missing = [key for key in free if key not in (over or {})]
        if missing:
            raise InputError(
                f"claim.match: {name} needs {', '.join(missing)}: match pair too, or give it in claim.over"
            )
    box = dict(DEFAULT_BOXES.get(driver, {"m": None}) if over is None else over)
    fixed = {} if law is None or _name_of(law) != driver else _configured(law, driver)
    if driver in CLOSED_FORMS:
        for name in PARAMETERS[driver]:
            if name not in box and f"{name}s" not in box and name not in fixed:
                raise InputError(f"claim.over: {driver} needs {name}, such as {name}: {DEFAULT_BOXES[driver][name]}")
    if law is not None and box.get("m") is None:
        width = law.n_models
        box["m"] = [2, width] if over is None and driver not in CLOSED_FORMS else width
    _check_lists(box, fixed, driver)
    _check_domains(box, {key for name in {driver, *others} for key in PARAMETERS.get(name, ())})
    return Laws(driver, alias, fixed, tuple(match), law), box


def _check_lists(box: Mapping[str, Any], fixed: Mapping[str, Any], driver: str) -> None:
    unlike = any(np.ndim(x) for x in fixed.values()) or any(f"{p}s" in box for p in PARAMETERS.get(driver, ()))
    most = np.max(box["m"]) if isinstance(box.get("m"), list | tuple | int) else 0
    if unlike and driver in CLOSED_FORMS and most > LARGEST_LIST:
        raise InputError(f"claim.over.m: up to {most} unlike models; at most {LARGEST_LIST} are accepted")


def _check_domains(box: Mapping[str, Any], parameters: set[str]) -> None:
    """Raise InputError where a parameter of a law may leave what it can be: its closed form would be of no law."""
    for name, given in box.items():
        key = name if name in parameters else name.removesuffix("s")
        if key not in parameters:
            continue
        numbers = [given[end] for end in ("low", "high") if end in given] if isinstance(given, Mapping) else given
        most = np.inf if key in ("theta", "a", "b") else 1.0
        for value in numbers if isinstance(numbers, list | tuple) else [numbers]:
            if isinstance(value, int | float) and not isinstance(value, bool) and not 0 <= value <= most:
                wanted = "numbers >= 0" if most == np.inf else "numbers from 0 to 1"
                raise InputError(f"claim.over.{name}: {value:g}; {wanted} are accepted")


def _name_of(law: AbstractErrorLaw) -> str:
    return next(name for name, kind in LAWS.items() if kind is type(law))


def _configured(law: AbstractErrorLaw, driver: str) -> dict[str, Any]:
    """The parameters of the configured law in the names of the language; a number where all models are alike."""
    if driver not in CLOSED_FORMS:
        return {}
    found: dict[str, Any] = {}
    for name in PARAMETERS[driver]:
        if name == "correlation":
            loadings = np.asarray(law.loadings)  # type: ignore[attr-defined]
            if np.ptp(loadings) == 0:
                found[name] = float(loadings[0] ** 2)
            continue
        value = np.asarray(getattr(law, name, getattr(law, f"{name}s", None)), dtype=float)
        found[name] = value if value.ndim and np.ptp(value) else float(value.ravel()[0])
    return found


def read_law(
    name: str, case: Mapping[str, Any], configured: Callable[[], AbstractErrorLaw] | None
) -> AbstractErrorLaw | None:
    """The law of a stored counterexample; one without a closed form is that of the configuration.

    Args:
        name: of the law; empty for none.
        case: its parameters.
        configured: builds the law of the configuration; None where it has none.
    """
    if name in CLOSED_FORMS:
        parameters = {key: case.get(key, case.get(f"{key}s")) for key in PARAMETERS[name]}
        size = max((len(x) for x in parameters.values() if isinstance(x, list)), default=2)
        return build(name, parameters, size)
    return configured() if name and configured else None
