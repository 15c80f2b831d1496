# make sweep   set up, then the main job on the embedded demo cohort
# make test    set up, then every test
.PHONY: sweep test quick check ui clean
PYTHON ?= python3
SPACE ?= search_spaces/latent.yaml
WORKSPACE ?= $(CURDIR)/runs

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	.venv/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps deepbet
	touch $@

sweep: .venv/ready
	.venv/bin/python -m uadray.sweep $(SPACE) --workspace $(WORKSPACE)

test: .venv/ready
	.venv/bin/python -m pytest

quick: .venv/ready
	.venv/bin/python -m pytest -m 'not slow'

check: .venv/ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

ui: .venv/ready
	.venv/bin/python -m uadray.ui --workspace $(WORKSPACE)

clean:
	rm -rf .venv runs
