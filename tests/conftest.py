"""As the command line has it: small matrices, and cores that belong to the model."""

import faulthandler
import os

from hypothesis import settings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # torch, on networks this small
settings.register_profile("untimed", deadline=None)  # a machine that is busy is no fault
settings.load_profile("untimed")


def pytest_unconfigure() -> None:
    """A thread that is left over shows where it waits, and does not keep the process from ending."""
    faulthandler.dump_traceback_later(180, exit=True)
