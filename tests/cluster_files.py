"""The files of clusters/, read as what they are."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
CLUSTERS = ROOT / "clusters"
RAY_UP = ["local", "aws", "gcp", "azure"]
KUBERAY = ["kuberay-rayjob", "kuberay-raycluster"]  # kuberay-workspace has what they share
PINS = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)


def documents(name):
    return list(yaml.safe_load_all((CLUSTERS / f"{name}.yaml").read_text()))


def leaves(tree):
    """Every (key, value) below a tree, whatever is around it."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield key, value
            yield from leaves(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from leaves(value)


def uncommented(text):
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#") or "#SBATCH" in line)


def placeholders(text):
    return set(re.findall(r"CHANGE_ME_[A-Z_]*[A-Z]", text))
