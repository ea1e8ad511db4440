"""The plugin of pytest: a fixture that audits. It imports nothing of an audit before one is asked for."""

from collections.abc import Callable
from typing import Any

import pytest

import brittle


@pytest.fixture
def brittle_audit(tmp_path_factory: pytest.TempPathFactory) -> "Callable[..., brittle.Run]":
    """As brittle.audit, into a temporary folder: brittle_audit(model, data, budget=300, seed=7)."""

    def audit(model: Any = None, data: Any = None, **settings: Any) -> "brittle.Run":
        settings.setdefault("out", tmp_path_factory.mktemp("audit"))
        return brittle.audit(model, data, **settings)

    return audit
