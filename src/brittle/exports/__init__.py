"""A hard set in the formats of others, each from the canonical folder alone: same set, same bytes."""

from collections.abc import Mapping
from types import MappingProxyType

from brittle.core.registry import Registry
from brittle.exports.export import Export

__all__ = ["EXPORTS", "HOLDS", "Export"]

EXPORTS = Registry(
    "export",
    "brittle.exports",
    {
        "imagenet-c": "brittle.exports.imagenet_c:imagenet_c",
        "cifar-c": "brittle.exports.cifar_c:cifar_c",
        "huggingface": "brittle.exports.huggingface:huggingface",
        "parquet": "brittle.exports.parquet:parquet",
        "webdataset": "brittle.exports.webdataset:webdataset",
        "croissant": "brittle.exports.croissant:croissant",
    },
)

HOLDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "imagenet-c": ("image",),
        "cifar-c": ("image",),
        "huggingface": ("image", "video"),
        "parquet": ("image", "ecg", "video"),
    }
)
"""Domains of sets that a format holds; the others hold any."""
