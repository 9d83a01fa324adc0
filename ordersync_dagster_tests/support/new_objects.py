"""How many objects of a class there are that an earlier test did not leave behind."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def new_objects(kind: type) -> Iterator[Callable[[], int]]:
    """How many were made since and are still held; what is there already is frozen, and so neither counted nor seen."""

    def count() -> int:
        gc.collect()  # garbage in a circle is held by nobody
        return sum(isinstance(each, kind) for each in gc.get_objects())

    gc.freeze()
    try:
        yield count
    finally:
        gc.unfreeze()
