"""The command line before Hydra reads it, and the messages for a command line that Hydra does not accept."""

from __future__ import annotations

_EXTRAS = {"joblib": "joblib", "ray": "ray", "ray_cluster": "ray", "submitit_local": "slurm", "submitit_slurm": "slurm"}


def commas_as_lists(arguments: list[str]) -> list[str]:
    """In a single run, write ``key=a,b`` as ``key=[a,b]``: Hydra accepts a choice of values only in a sweep."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import ChoiceSweep
    from hydra.errors import OverrideParseException

    if {"-m", "--multirun"} & set(arguments) or not any("," in argument for argument in arguments):
        return arguments
    parser, rewritten = OverridesParser.create(), []
    for argument in arguments:
        try:
            value = parser.parse_override(argument).value() if "," in argument else None
        except OverrideParseException:
            value = None  # Hydra reports what is wrong with the argument
        if isinstance(value, ChoiceSweep) and value.simple_form:
            key, _, choices = argument.partition("=")
            argument = f"{key}=[{choices}]"
        rewritten.append(argument)
    return rewritten


def explain(error: Exception) -> str:
    """The message for a command line that Hydra does not accept."""
    from hydra.errors import ConfigCompositionException, OverrideParseException

    if isinstance(error, OverrideParseException):
        return f"{error.override}: not a valid key=value; quote a value with special characters: key='\"...\"'"
    if isinstance(error, ConfigCompositionException) and "is not in struct" in f"{error} {error.__cause__}":
        key = str(error).split("'")[1]
        return f"{key}: no such key; cofail-lab --help lists the keys of this configuration"
    message = str(error).split("Config search path")[0]
    for launcher, extra in _EXTRAS.items():
        if f"'hydra/launcher/{launcher}'" in message or (f"'{launcher}'" in message and "hydra/launcher" in message):
            return f"hydra/launcher={launcher}: not installed; pip install 'cofail-lab[{extra}]' brings it"
    return message
