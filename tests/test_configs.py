"""Every YAML of ``conf/`` composes, and its keys are those that its constructor names."""

import inspect
from dataclasses import fields
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import get_class, instantiate
from omegaconf import OmegaConf

from cofail_lab.cli import config_folder
from cofail_lab.models import AbstractErrorLaw
from cofail_lab.policies import AbstractHindsight, AbstractPolicy
from cofail_lab.selection import Selection

CHOICES = sorted(
    (path.parent.name, path.stem)
    for path in config_folder().glob("*/*.yaml")
    if path.parent.name not in ("study", "hydra")
)


STUDIES = sorted(path.stem for path in (config_folder() / "study").glob("*.yaml"))
SELECTION = {field.name for field in fields(Selection)} - {"seed"}


@pytest.mark.parametrize(("group", "name"), CHOICES)
def test_every_choice_composes_and_fits_its_constructor(group: str, name: str) -> None:
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        config = compose("config", overrides=[f"{group}={name}"])
    keys = set(config[group]) - ({*SELECTION} if group == "data" else set())
    if "_target_" not in keys:
        return
    target = get_class(config[group]._target_)
    parameters = inspect.signature(target).parameters
    assert keys - {"_target_"} <= set(parameters), f"{group}/{name}.yaml has keys that {target.__name__} does not take"
    required = {p for p, v in parameters.items() if v.default is inspect.Parameter.empty}
    assert required <= keys, f"{group}/{name}.yaml lacks {required - keys}"
    if group == "known":  # a choice of what is measured
        return
    # Who states nothing gets the same from a command and from Python; two formats share one reader.
    raw = OmegaConf.to_container(OmegaConf.load(config_folder() / group / f"{name}.yaml"), resolve=False)
    assert isinstance(raw, dict)
    stated = {key: raw[key] for key in set(raw) & set(parameters) - required if not str(raw[key]).startswith("${")}
    shared = {"format": name} if name in ("csv", "parquet") else {}
    assert stated == {key: _plain(parameters[key].default) for key in stated} | shared


def _plain(default: object) -> object:
    """A default as YAML writes it."""
    return list(default) if isinstance(default, tuple) else default


@pytest.mark.parametrize("name", sorted(path.stem for path in (config_folder() / "policy").glob("*.yaml")))
def test_every_policy_of_the_configuration_is_built(name: str) -> None:
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        config = compose("config", overrides=[f"policy=[{name}]"])
    assert list(config.policy) == [name]
    node = config.policy[name]
    for key in node:
        if OmegaConf.is_missing(node, key):
            node[key] = "a file"
    policy = instantiate(node, _convert_="all")
    assert isinstance(policy, AbstractPolicy | AbstractHindsight)
    assert type(policy).__module__ == f"cofail_lab.policies.{name}"
    assert {*node} - {"_target_"} == {field.name for field in fields(policy)}, "one key for each field"


@pytest.mark.parametrize("group", ["experiment"])
def test_stems_equal_modules(group: str) -> None:
    for choice_group, name in CHOICES:
        if choice_group == group:
            node = OmegaConf.load(config_folder() / group / f"{name}.yaml")
            # A file that sets keys outside its group holds the group as a node.
            target = node.get(group, node)["_target_"]  # type: ignore[union-attr]
            assert target.split(".")[-2] == name


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_composes(name: str) -> None:
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        compose("config", overrides=[f"study={name}"])


def test_configs_stand_where_the_installed_package_finds_them() -> None:
    assert (Path(config_folder()) / "config.yaml").is_file()


@pytest.mark.parametrize("name", sorted(path.stem for path in (config_folder() / "law").glob("*.yaml")))
def test_every_law_of_the_configuration_is_built(name: str) -> None:
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        config = compose("config", overrides=[f"law={name}"])
    law = instantiate(config.law, _convert_="all")
    assert isinstance(law, AbstractErrorLaw)
    assert type(law).__module__ == f"cofail_lab.models.{name}"
    assert 0 <= float(law.subpool([0]).all_wrong()) < 1
