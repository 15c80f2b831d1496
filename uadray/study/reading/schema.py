"""What the file of a study with a fixed run may say, as a JSON Schema, from the fields and their docstrings."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from uadray.config import RunConfig
from uadray.models.zoo import ZOO
from uadray.study.design.plan import StudyConfig

Schema = dict[str, Any]


@cache
def study_schema() -> Schema:
    """A study in full: its `run` is a RunConfig, its models and enqueued rows are in the zoo.

    >>> study_schema()["$ref"]
    '#/$defs/StudyConfig'
    """
    _, schema = models_json_schema([(StudyConfig, "validation"), (RunConfig, "validation")])
    sections = schema["$defs"]
    study, run = sections["StudyConfig"]["properties"], sections["RunConfig"]["properties"]
    row: Schema = {"enum": list(ZOO), "type": "string"}
    study["run"] = {"$ref": "#/$defs/RunConfig", "description": study["run"]["description"]}
    study["enqueue"]["items"] = row
    model = run["model"]
    run["model"] = {"anyOf": [row, {"oneOf": model["oneOf"]}], "description": model["description"]}
    return {"$ref": "#/$defs/StudyConfig", "$defs": sections}
