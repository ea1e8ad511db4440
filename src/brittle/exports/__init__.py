"""A hard set in the formats of others, each from the canonical folder alone: same set, same bytes."""

from brittle.core.registry import Registry
from brittle.exports.export import Export

__all__ = ["EXPORTS", "Export"]

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
