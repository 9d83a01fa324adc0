"""How hypothesis searches: the same examples every time where `CI` is set, new ones elsewhere."""

import os

from hypothesis import settings

settings.register_profile("core", deadline=None, max_examples=100, database=None)
settings.register_profile("core-ci", settings.get_profile("core"), derandomize=True, print_blob=True)
settings.load_profile("core-ci" if os.environ.get("CI") else "core")
