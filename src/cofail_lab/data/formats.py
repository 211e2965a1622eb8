"""The table of formats: `data=<name>`, `load_outcomes(format=<name>)`, `data=auto` and the fuzz test all read it."""

from importlib import import_module

from cofail_lab.data.file_source import FileSource
from cofail_lab.errors import InputError

FORMATS = {
    "csv": "wide:WideSource",
    "parquet": "wide:WideSource",
    "long": "long:LongSource",
    "npz": "npz:NpzSource",
    "records": "mapped:MappedSource",
    "inspect": "inspect:InspectSource",
    "lm_eval": "lm_eval:LmEvalSource",
    "helm": "helm:HelmSource",
    "routerbench": "routerbench:RouterBenchSource",
    "llmrouterbench": "llmrouterbench:LLMRouterBenchSource",
    "swebench": "swebench:SWEBenchSource",
    "evalplus": "evalplus:EvalPlusSource",
    "openai_evals": "openai_evals:OpenAIEvalsSource",
    "every_eval_ever": "every_eval_ever:EveryEvalEverSource",
    "paper_json": "paper_json:PaperJsonSource",
    "lighteval": "lighteval:LightevalSource",
    "opencompass": "opencompass:OpenCompassSource",
    "promptfoo": "promptfoo:PromptfooSource",
}
"""Format -> module and class in `cofail_lab.data.readers`."""


def source_class(name: str) -> type[FileSource]:
    """The reader of a format; InputError for a name that is none."""
    if not isinstance(name, str) or name not in FORMATS:
        raise InputError(f"format: {name!r} is not one of {', '.join(sorted(FORMATS))}, auto")
    module, _, class_name = FORMATS[name].partition(":")
    return getattr(import_module(f"cofail_lab.data.readers.{module}"), class_name)
