"""How many objects of a class there are that an earlier test did not leave behind."""

import gc


class NewObjects:
    """Those made since; what is there already is kept, so that no new object gets the id of an old one."""

    def __init__(self, kind: type) -> None:
        self._kind = kind
        self._old = {id(each): each for each in gc.get_objects() if isinstance(each, kind)}

    def count(self) -> int:
        gc.collect()  # garbage in a circle is held by nobody
        return sum(isinstance(each, self._kind) and id(each) not in self._old for each in gc.get_objects())
