# Two commands run the course: `make lab` opens it, `make test` runs the whole gate.
# Both make .venv on their first call and reuse it afterwards.

VENV = .venv
PY = $(VENV)/bin/python

# JupyterLab fetches no list of extensions; jupyter/page_config.json, which the package brings
# along, turns off the news and the look for a newer release. tests/browser/lab.py reads this line.
# The root is the whole checkout, so that the code behind a lesson opens there too.
LAB_FLAGS = --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb \
	--LabApp.extension_manager=readonly
AS_ROOT = $(shell [ "$$(id -u)" -eq 0 ] && echo --allow-root)

# A stamp is written last and holds the checkout's path: an interrupted install, an environment
# whose Python is gone and a checkout that was moved all install again.
LAB_STAMP = $(VENV)/.lab
TEST_STAMP = $(VENV)/.test

.DEFAULT_GOAL = help
.PHONY: help lab test bench fuzz clean again

help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /\1:/p' Makefile | awk -F : '{printf "make %-7s%s\n", $$1, $$2}'

lab: $(LAB_STAMP)  ## open the course in JupyterLab; ARGS="--no-browser --port 9999" passes through
	@PATH="$$PWD/$(VENV)/bin:$$PATH" $(PY) -m jupyterlab $(LAB_FLAGS) $(AS_ROOT) $(ARGS)

test: $(TEST_STAMP)  ## run the whole gate; ARGS="-k jose" passes through
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

bench: $(TEST_STAMP)  ## measure side by side with other libraries
	@for file in benchmarks/[!_]*.py; do \
		$(PY) -m "benchmarks.$$(basename "$$file" .py)" $(ARGS) || exit 1; \
	done

fuzz: $(TEST_STAMP)  ## try one million mutated tokens
	$(PY) -m tests.jose.fuzz --tokens 1000000 $(ARGS)

clean:  ## remove the environment and what runs left behind; notebooks and progress stay
	rm -rf $(VENV) dist .artefacts .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find authlab tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(LAB_STAMP): pyproject.toml
	@sh .ci/install . $(LAB_STAMP)

$(TEST_STAMP): pyproject.toml
	@sh .ci/install '.[test]' $(LAB_STAMP) $(TEST_STAMP)

ifneq ($(shell $(PY) -c 'print(open("$(LAB_STAMP)").read())' 2>/dev/null),$(CURDIR))
$(LAB_STAMP) $(TEST_STAMP): again
endif
