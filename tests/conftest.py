"""As the command line has it: small matrices, and cores that belong to the model."""

import faulthandler
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def pytest_unconfigure() -> None:
    """A thread that is left over shows where it waits, and does not keep the process from ending."""
    faulthandler.dump_traceback_later(180, exit=True)
