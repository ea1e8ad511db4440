"""A classifier behind an HTTP endpoint.

endpoint: what it is asked, and again. client: one request. body: what is sent and what comes back.
pacing: how often.
"""

from brittle.models.http.endpoint import Endpoint, open_http

__all__ = ["Endpoint", "open_http"]
