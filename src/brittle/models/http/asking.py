"""How an endpoint is asked about rows: in the first form that it takes, from any thread."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from threading import Lock
from typing import Any

from numpy.typing import NDArray

from brittle.core.errors import RefusedError
from brittle.core.sample import Array
from brittle.models.http.body import Form
from brittle.models.http.endpoint import Endpoint, StrangeError
from brittle.models.http.pacing import Tally

NUMBER, SPARE = 64, 1 << 16  # bytes of an answer for each class of a row, and besides
UNKNOWN = 20_000  # classes for which there is room before the first answer
LOG = logging.getLogger("brittle")


class Asker:
    """Asks an endpoint at one of its addresses. forms: to be tried, in this order; what works is kept."""

    def __init__(self, endpoint: Endpoint, url: str, forms: Sequence[Form]) -> None:
        self.endpoint, self.url, self.forms = endpoint, url, forms
        self._found = forms[0] if len(forms) == 1 else None
        self._finding = Lock()
        self._classes = UNKNOWN

    def ask(self, x: Array) -> NDArray[Any]:
        """Send one batch and read the answers. A form that is not taken costs the rows once more.

        Raises RefusedError where it answers that it cannot take this batch, ModelError where it cannot be
        asked, UsageError for a missing variable.
        """
        tally = Tally(self.endpoint.meter, len(x))
        try:
            if self._found is None:
                with self._finding:
                    if self._found is None:  # as it is, unless another thread has found it meanwhile
                        return self._find(x, tally)
            return self._ask(x, self._found, tally)
        finally:
            tally.end()

    def _find(self, x: Array, tally: Tally) -> NDArray[Any]:
        """Ask in one form after the other until one is taken."""
        *others, last = self.forms
        for form in others:
            try:
                answers = self._ask(x, form, tally, patient=False)
                if answers.shape[:1] != (len(x),):
                    raise StrangeError(f"expected {len(x)} rows, got an array of shape {answers.shape}")
            except (RefusedError, StrangeError) as error:
                LOG.debug(f"{self.endpoint.address} does not take {form.name}: {error}")
            else:
                self._found = form
                return answers
        answers = self._ask(x, last, tally)
        self._found = last
        return answers

    def _ask(self, x: Array, form: Form, tally: Tally, patient: bool = True) -> NDArray[Any]:
        most = len(x) * self._classes * NUMBER + SPARE
        reply = self.endpoint.post(self.url, form.pack(x), most, tally, patient)
        if reply.status != HTTPStatus.OK:
            raise self.endpoint.refusal(reply)
        try:
            answers = form.unpack(reply)
        except ValueError as error:
            raise self.endpoint.unreadable(error) from error
        self._classes = answers.shape[1] if answers.ndim == 2 else self._classes
        return answers
