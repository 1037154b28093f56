# The README's two commands without uv, and the maintainers' few others. With uv on PATH everything runs through it;
# without, `.venv` is made by Python's own venv and pip, from the same pins (constraints.txt).

.DEFAULT_GOAL := help
.PHONY: help demo test campaign browser lint messages pins

ifneq ($(shell command -v uv 2>/dev/null),)
  READY :=
  PYTHON_RUN := uv run python
  RUN := uv run
  CAMPAIGN_READY :=
  CAMPAIGN := uv run --group campaign
  BROWSER_READY :=
  BROWSER := uv run --group browser
else
  READY := .venv/installed
  CAMPAIGN_READY := .venv/campaign
  CAMPAIGN := .venv/bin/python -m
  BROWSER_READY := .venv/browser
  BROWSER := .venv/bin/python -m
  PYTHON_RUN := .venv/bin/python
  RUN := .venv/bin/python -m
  # The first Python on PATH that is new enough; `make PYTHON=/path/to/python3.12 …` overrules it.
  PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11 python,$(shell \
    $(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))
endif

# Arguments for the command behind a target: make demo ARGS="--packs 50", make test ARGS="tests/batteries -x".
ARGS ?=

help:
	@echo "make demo      a small province on an embedded database, and the server"
	@echo "make test      all tests"
	@echo "make campaign  the long runs: kill loops, failing disks, lost answers, many writers, Spark (Java 17)"
	@echo "make browser   the pages in a real browser (needs Chromium)"
	@echo "make lint      style, types, who imports whom"
	@echo "make messages  maintainers: collect and compile the translations (needs GNU gettext)"
	@echo "make pins      maintainers: choose newer versions (needs uv)"

demo: $(READY)
	$(PYTHON_RUN) manage.py demo $(ARGS)

test: $(READY)
	$(RUN) pytest $(ARGS)

campaign: $(READY) $(CAMPAIGN_READY)
	$(CAMPAIGN) pytest -m campaign -n 0 --timeout 3600 $(ARGS)

browser: $(READY) $(BROWSER_READY)
	$(BROWSER) pytest tests/browser -n 0 $(ARGS)

lint: $(READY)
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy
	$(PYTHON_RUN) -c 'import sys; from importlinter.cli import lint_imports_command as lint; sys.exit(lint())'

# Sources to .po, .po to .mo. The vendored GraphiQL has no texts of ours.
messages: $(READY)
	$(PYTHON_RUN) manage.py makemessages --locale zh_Hans --locale en --no-obsolete --no-wrap --add-location file \
	  --ignore '.venv/*' --ignore 'tests/*' --ignore 'benchmarks/*' --ignore 'graphql_schema/static/*' --ignore 'var/*'
	$(PYTHON_RUN) -m tests.house.catalogues

pins:
	.ci/pins

# Made anew when the dependencies or their pins changed.
.venv/installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed (or uv, which brings its own)."; exit 1; }
	@test -x .venv/bin/pip || $(PYTHON) -m venv --clear .venv || { \
	  echo "Python's venv module is needed (on Debian and Ubuntu: apt-get install python3-venv)."; exit 1; }
	@.venv/bin/python -c 'import tomllib; p = tomllib.load(open("pyproject.toml", "rb")); \
	  print(*p["project"]["dependencies"], *p["dependency-groups"]["dev"], sep="\n")' > .venv/requirements.txt
	.venv/bin/python -m pip install --quiet --constraint constraints.txt --requirement .venv/requirements.txt
	@touch $@

# What campaigns (400 MB) or browsers (160 MB) alone need.
.venv/campaign .venv/browser: .venv/installed
	@.venv/bin/python -c 'import sys, tomllib; \
	  print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"][sys.argv[1]], sep="\n")' $(@F) > $@.txt
	.venv/bin/python -m pip install --quiet --constraint constraints.txt --requirement $@.txt
	@touch $@
