"""Where samples are played: in this process, in several, or by workers of a Ray cluster."""

from brittle.core.registry import Registry
from brittle.tasks.playing.engines.engine import Engine, Job

__all__ = ["ENGINES", "Engine", "Job", "open_engine"]

ENGINES = Registry(
    "engine",
    "brittle.engines",
    {
        "here": "brittle.tasks.playing.engines.here:Here",
        "processes": "brittle.tasks.playing.engines.processes:Processes",
        "ray": "brittle.tasks.playing.engines.ray_cluster:RayCluster",
    },
)


def open_engine(job: Job) -> Engine:
    """The engine that the settings of a job name. Raises UsageError."""
    engine: Engine = ENGINES.load(job.opened.settings.engine)(job)
    return engine
