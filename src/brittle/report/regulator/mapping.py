"""What laws and frameworks ask about robustness, and which part of the document is evidence for it.

Evidence for, never compliant: no audit of a classifier can say that a system meets a law. What is asked is
told in our words; the texts are Regulation (EU) 2024/1689 and NIST AI 100-1 (2023).
"""

from collections.abc import Sequence
from dataclasses import dataclass

EU, NIST = "EU AI Act", "NIST AI RMF"


@dataclass(frozen=True)
class Requirement:
    """source, place: where it stands. asks: what, in our words. sections: ids of the parts that are evidence.

    beyond: what the document says nothing of.
    """

    source: str
    place: str
    asks: str
    sections: Sequence[str]
    beyond: str


REQUIREMENTS = (
    Requirement(
        EU,
        "Article 15(1)",
        "An appropriate level of accuracy, robustness and cybersecurity, throughout the lifecycle",
        ("accuracy", "robustness", "classes"),
        "which level is appropriate for the purpose; how it develops after this date",
    ),
    Requirement(
        EU,
        "Article 15(3)",
        "Levels of accuracy and the metrics for them, declared in the instructions for use",
        ("accuracy", "method"),
        "the instructions for use themselves",
    ),
    Requirement(
        EU,
        "Article 15(4)",
        "Resilience against errors, faults and inconsistencies within the system or its surroundings",
        ("robustness", "severity", "worst"),
        "faults of other parts than the classifier; redundancy and fail-safe plans; feedback loops",
    ),
    Requirement(
        EU,
        "Article 15(5)",
        "Resilience against attempts to alter use, outputs or performance, adversarial examples among them",
        ("robustness", "worst", "hardening"),
        "poisoning of data or models, confidentiality, and attacks that this search does not make",
    ),
    Requirement(
        EU,
        "Annex IV, 2(g)",
        "Validation and testing: procedures, data, metrics of accuracy and robustness, dated reports",
        ("system", "method", "accuracy", "robustness", "reproduction", "verification"),
        "potentially discriminatory impacts; the signature of a responsible person",
    ),
    Requirement(
        EU,
        "Annex IV, 3",
        "Capabilities and limits in performance, for specific groups too; foreseeable unintended outcomes",
        ("classes", "worst", "limits"),
        "groups of persons, unless the classes here are such; human oversight",
    ),
    Requirement(
        EU,
        "Annex IV, 4",
        "Why the performance metrics are appropriate for the system",
        ("method", "limits"),
        "the purpose of the system beyond what is stated on the cover",
    ),
    Requirement(
        NIST,
        "MEASURE 2.5",
        "The system is demonstrated to be valid and reliable; limits of how far results carry are documented",
        ("accuracy", "robustness", "severity", "limits"),
        "validity for data other than those examined",
    ),
    Requirement(
        NIST,
        "MEASURE 2.6",
        "Safety is evaluated regularly; metrics reflect reliability and robustness",
        ("robustness", "severity", "classes", "worst"),
        "harm, tolerance of risk, monitoring in use, and how the system fails safely",
    ),
    Requirement(
        NIST,
        "MEASURE 2.7",
        "Security and resilience are evaluated and documented",
        ("robustness", "worst", "hardening", "reproduction", "verification"),
        "security of the system around the classifier",
    ),
)
