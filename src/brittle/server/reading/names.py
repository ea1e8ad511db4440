"""Ids and paths as one part of an address each, without anything in them that a path could be made of."""

import re

EMPTY = "="
"""What stands for no text at all: the served folder itself."""
PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
PART = re.compile(r"(?:[A-Za-z0-9_.-]|=[0-9A-F]{2})+")
LONGEST = 4000


def to_part(text: str) -> str:
    """Any text as letters, digits, - _ . and =XX for every other byte; no dot in front."""
    found = "".join(
        chr(byte) if byte in PLAIN and not (place == 0 and byte == ord(".")) else f"={byte:02X}"
        for place, byte in enumerate(text.encode("utf-8", "surrogateescape"))
    )
    return found or EMPTY


def from_part(part: str) -> str | None:
    """The inverse of to_part; None for what to_part never makes."""
    if part == EMPTY:
        return ""
    if len(part) > LONGEST or not PART.fullmatch(part):
        return None
    data = re.sub(rb"=([0-9A-F]{2})", lambda found: bytes([int(found[1], 16)]), part.encode("ascii"))
    text = data.decode("utf-8", "surrogateescape")
    return text if to_part(text) == part else None
