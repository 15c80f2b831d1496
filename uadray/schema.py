"""The JSON Schema of search-space files, by which editors complete, explain and check them.

python -m uadray.schema                                  to the screen
python -m uadray.schema -o search_spaces/schema.json     to a file, which a search space names in its first line:
                                                         # yaml-language-server: $schema=schema.json
"""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import typer

from uadray.console import exit_codes, run
from uadray.study.reading.editors import editor_schema

Output = Annotated[Path | None, typer.Option("-o", "--output", help="File to write; the screen if not given.")]


def schema(output: Output = None) -> None:
    """Write the JSON Schema of search-space files."""
    with exit_codes():
        text = written(editor_schema())
        if output is None:
            typer.echo(text, nl=False)
        else:
            output.write_text(text, encoding="utf-8")


def written(schema: Mapping[str, Any]) -> str:
    """A schema as text, one definition a line, so that a change is the line of what changed."""
    lines = {key: dumps(value) for key, value in schema.items()}
    lines |= {key: _lines(schema[key]) for key in ("properties", "definitions")}
    return "{\n" + ",\n".join(f"{dumps(key)}: {text}" for key, text in lines.items()) + "\n}\n"


def _lines(schemas: Mapping[str, Any]) -> str:
    return "{\n" + ",\n".join(f" {dumps(key)}: {dumps(schema)}" for key, schema in schemas.items()) + "\n}"


if __name__ == "__main__":
    run(schema)
