"""`make fuzz`: atheris chooses what hypothesis builds, led by the branches that it takes in the readers."""

import sys

import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]  # installed by `make fuzz` alone

with atheris.instrument_imports(include=["ordersync_dagster.core", "ordersync_dagster.adapters"]):
    from ordersync_dagster_tests.fuzz.properties import PROPERTIES


FUZZED = [holds(lambda _: None) for holds in PROPERTIES]


def one_input(data: bytes) -> None:
    """The first byte chooses the property."""
    if data:
        FUZZED[data[0] % len(FUZZED)].hypothesis.fuzz_one_input(data[1:])


atheris.Setup(sys.argv, one_input)
atheris.Fuzz()
