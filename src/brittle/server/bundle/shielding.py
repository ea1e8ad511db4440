"""Finished pages of runs in a bundle: they may be a stranger's, and no server keeps them in a sandbox."""

import re

from brittle.server.policy import report_policy_in_files

FOREIGN = re.compile(rb"http-equiv|<\s*/?(base|link|iframe|object|embed|form)\b", re.IGNORECASE)
"""What no report of brittle has, and a policy alone does not keep from leading elsewhere."""


def shielded(report: bytes) -> bytes | None:
    """A report that may do no more than ours do, whatever it holds; None for what is none of brittle's.

    The policy stands before all of it, so that nothing of it is read without: only the one script that sorts
    tables runs, and nothing is loaded.
    """
    if FOREIGN.search(report):
        return None
    policy = f'<meta http-equiv="Content-Security-Policy" content="{report_policy_in_files()}">'
    return f'<!doctype html><meta charset="utf-8">{policy}\n'.encode() + report
