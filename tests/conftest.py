"""As the command line has it: small matrices, and cores that belong to the model."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
