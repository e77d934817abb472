# make demo    set everything up and lay out the worked example
# make test    set everything up and pass all checks and tests
# make bench   the benchmarks, side by side with their peers
# make docs    renew what is generated in docs/ and the published schemas
# make proofs  prove every scheme on five layouts again: docs/reference/proofs.md (some minutes)

VENV := .venv
BIN := $(VENV)/bin
DEMO := build/demo
SPEC := examples/esp8266-2m/flash.toml

.PHONY: demo test lint unit bench docs proofs clean setup-demo setup-test

demo: setup-demo
	@mkdir -p $(DEMO)
	$(BIN)/flashwright plan $(SPEC)
	$(BIN)/flashwright check $(SPEC)
	$(BIN)/flashwright draw $(SPEC) -o $(DEMO)/map.svg
	$(BIN)/flashwright draw $(SPEC) -o $(DEMO)/map.png
	$(BIN)/flashwright draw $(SPEC) -o $(DEMO)/map.html
	$(BIN)/flashwright convert $(SPEC) --to alios-c -o $(DEMO)/board.c
	@cat $(DEMO)/board.c
	@echo "Written: $(DEMO)/board.c, map.svg, map.png, map.html"

test: lint unit

lint: setup-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: setup-test
	$(BIN)/pytest -n 2 --dist loadfile

bench: setup-test
	for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

docs: setup-test
	$(BIN)/python tools/make_docs.py

proofs: setup-test
	$(BIN)/python tools/make_proofs.py

setup-demo:
	@tools/setup $(VENV) png,completion

setup-test:
	@tools/setup $(VENV) dev

clean:
	rm -rf build .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
