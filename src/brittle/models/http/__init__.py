"""A classifier behind an HTTP endpoint.

opening: as a model. asking: in which form. body: plain forms; inference: those of the Open Inference
Protocol. endpoint: how often again, and what a refusal means. client: one request. pacing: how often.
secrets: what is not shown.
"""

from brittle.models.http.opening import open_http

__all__ = ["open_http"]
