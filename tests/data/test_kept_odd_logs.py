"""Odd logs: other choices, other layouts, and every refusal in full; see `tests.data.odd`.

Of a case, what is kept is the refusal or the lines of the matrix that are other than those of the plain log.
"""

from pathlib import Path

import pytest

from tests.data.odd import folders, model_logs, platform_logs, records, tables
from tests.data.odd.model_logs import Case
from tests.data.odd.outcomes import outcome, put, told
from tests.data.odd.rich_logs import RICH
from tests.experiments.whole import keep

CASES: dict[str, dict[str, Case]] = {
    "inspect": model_logs.INSPECT,
    "openai_evals": model_logs.OPENAI_EVALS,
    "lm_eval": model_logs.LM_EVAL,
    "helm": model_logs.HELM,
    "evalplus": model_logs.EVALPLUS,
    "opencompass": model_logs.OPENCOMPASS,
    "promptfoo": platform_logs.PROMPTFOO,
    "lighteval": platform_logs.LIGHTEVAL,
    "swebench": platform_logs.SWEBENCH,
    "every_eval_ever": platform_logs.EVERY_EVAL_EVER,
    "paper_json": platform_logs.PAPER_JSON,
    "llmrouterbench": platform_logs.LLMROUTERBENCH,
    "records": records.RECORDS,
    "csv": tables.WIDE,
    "long": tables.LONG,
    "npz": tables.NPZ,
    "routerbench": tables.ROUTERBENCH,
}


@pytest.mark.parametrize("name", CASES)
def test_odd_logs(name: str, tmp_path: Path) -> None:
    kind, log, keys = RICH.get(name, (name, None, {}))
    folder = tmp_path / "plain"
    plain = [] if log is None else outcome(kind, put(folder, log), keys, folder)
    kept = []
    for number, (title, (files, keys)) in enumerate(CASES[name].items()):
        folder = tmp_path / f"case{number}"
        path = put(folder, files)
        kept.append(f"{title}: {told(outcome(kind, path, keys, folder), plain)}")
    keep(f"odd_{name}", kept, tmp_path, exact=True)


@pytest.mark.parametrize("name", folders.FOLDERS)
def test_odd_folders(name: str, tmp_path: Path) -> None:
    kept = []
    for number, (title, (files, keys)) in enumerate(folders.FOLDERS[name].items()):
        folder = tmp_path / f"case{number}"
        put(folder, files)
        kept += [f"{title}:", *(f"  {line}" for line in outcome(name, folder, keys, folder))]
    keep(f"folders_{name}", kept, tmp_path, exact=True)
