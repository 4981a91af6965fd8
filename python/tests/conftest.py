"""The same examples in every run, and no clock in the verdict: the tests must say the same everywhere."""

from hypothesis import settings

settings.register_profile("fenrun", derandomize=True, deadline=None, database=None)
settings.load_profile("fenrun")
