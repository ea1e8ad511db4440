"""Compare optimisers on families of generated functions: regret after 10, 25, 50 and 100 evaluations.

    python benchmarks/optimisers.py --family hartmann6 --method random --method hand+ei --out o.jsonl
    python benchmarks/optimisers.py --family mix10 --method prior.safetensors+ei --seeds 3 --out o.jsonl
    python benchmarks/optimisers.py --table --rival botorch-ei --out o.jsonl

Methods: random, sobol, botorch-ei and turbo (extra `bench`), and PRIOR+ACQUISITION with a prior and an
acquisition that brittle.optimise knows: "hand", files of `brittle train`; or "matern", the hand-made one with
that kernel; "meta", with lengthscales of the family. All start from the same three random points, which
count. Regret is 0 at the optimum and 1 at the median of random points. Results are kept in --out: the same
command continues, a greater budget plays anew, and tables are made from the file.
"""

import argparse
import json
import time
from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.seeds import generator
from brittle.optimise.families import Task, family
from brittle.optimise.hand import HandPrior
from brittle.optimise.history import History
from brittle.optimise.kinds import Line
from brittle.optimise.optimiser import Evaluation, Optimiser
from brittle.optimise.prior import Prior
from brittle.optimise.space import Space
from optimiser_tables import print_tables

STARTS = 3
Points = NDArray[np.float64]
Values = NDArray[np.float64]
Method = Callable[[Task, Points, int, int], Values]  # task, starts (3, d), budget, seed -> values (budget,)


def random(task: Task, starts: Points, budget: int, seed: int) -> Values:
    """Points drawn uniformly."""
    drawn = generator(seed, "random", repr(task.best)).random((budget - len(starts), starts.shape[1]))
    return task.f(np.concatenate([starts, drawn]))


def sobol(task: Task, starts: Points, budget: int, seed: int) -> Values:
    """A scrambled Sobol sequence."""
    from scipy.stats import qmc  # noqa: PLC0415

    engine = qmc.Sobol(starts.shape[1], rng=generator(seed, "sobol", repr(task.best)))
    count = budget - len(starts)
    return task.f(np.concatenate([starts, engine.random_base2(int(np.ceil(np.log2(count))))[:count]]))


def botorch(name: str) -> Method:
    """A rival of botorch_rivals.py."""

    def play(task: Task, starts: Points, budget: int, seed: int) -> Values:
        import botorch_rivals  # noqa: PLC0415

        values: Values = getattr(botorch_rivals, name)(task.f, starts, budget, seed)
        return values

    return play


@cache
def meta_learned(of: str) -> Prior:
    """A hand-made prior whose lengthscales are the geometric mean of fits to other tasks of the family."""
    groups, found = range(family(of).dimensions), []
    for index in range(32):
        rng = generator(0, "meta", of, index)
        task, points = family(of).task(rng), rng.random((60, len(groups)))
        found.append(HandPrior(groups).given(History(points, task.f(points))))
    lengthscales = np.exp(np.mean([np.log(given.lengthscales) for given in found], axis=0))
    noise = float(np.exp(np.mean([np.log(given.noise) for given in found])))
    return HandPrior(groups, lengthscales=lengthscales, noise=noise)


def own(name: str, of: str) -> Method:
    """PRIOR+ACQUISITION of brittle, on a family."""
    prior, _, acquisition = name.partition("+")

    def play(task: Task, starts: Points, budget: int, seed: int) -> Values:
        space = Space({f"x{i}": Line(0, 1) for i in range(starts.shape[1])})
        values = list(task.f(starts))
        history = [Evaluation(space.dict_of(x), y) for x, y in zip(starts, values, strict=True)]
        opened: str | Prior = prior
        if prior == "matern":
            opened = HandPrior(space.groups, "matern")
        elif prior == "meta":
            opened = meta_learned(of)
        optimiser = Optimiser(
            space, budget - len(starts), prior=opened, acquisition=acquisition, seed=seed, history=history
        )
        while len(values) < budget:
            point = optimiser.ask()
            values.append(float(task.f(space.point_of(point)[None])[0]))
            optimiser.tell(point, values[-1])
        return np.array(values)

    return play


def method_of(name: str, of: str) -> Method:
    """The method of this name, on a family."""
    plain: dict[str, Method] = {"random": random, "sobol": sobol}
    rivals = {"botorch-ei": "log_ei", "turbo": "turbo"}
    if "+" in name:
        return own(name, of)
    return plain[name] if name in plain else botorch(rivals[name])


def play(name: str, family_name: str, index: int, seed: int, budget: int) -> dict[str, Any]:
    """One run: regret of the best point after every evaluation, and CPU seconds.

    The task depends on its index alone; the starting points on the seed too.
    """
    of = family(family_name)
    task = of.task(generator(0, "optimisers", family_name, index))
    starts = generator(seed, "starts", family_name, index).random((STARTS, of.dimensions))
    method, begun = method_of(name, family_name), time.process_time()
    values = method(task, starts, budget, seed)
    regret = task.regret(np.minimum.accumulate(values))
    key = {"family": family_name, "task": index, "seed": seed, "method": name, "budget": budget}
    return {
        **key,
        "regret": [float(f"{r:.4g}") for r in regret],
        "cpu": round(time.process_time() - begun, 3),
    }


def read(out: Path) -> list[dict[str, Any]]:
    """All kept rows."""
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def play_missing(args: argparse.Namespace) -> None:
    """Play what the file has not, tasks first and seeds last, and append it."""
    fields = ("family", "task", "seed", "method")
    done = {tuple(row[f] for f in fields): row["budget"] for row in read(args.out)}
    for of, seed, index, name in product(args.families, range(args.seeds), range(args.tasks), args.methods):
        if done.get((of, index, seed, name), 0) < args.budget:
            row = play(name, of, index, seed, args.budget)
            with args.out.open("a") as file:
                file.write(json.dumps(row) + "\n")


def main() -> None:
    """Play the plan and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--family", action="append", dest="families", default=None)
    parser.add_argument("--method", action="append", dest="methods", default=None)
    parser.add_argument("--rival", default="botorch-ei", help="the method that differences are taken against")
    parser.add_argument("--tasks", type=int, default=24)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--budget", type=int, default=50)
    parser.add_argument("--table", action="store_true", help="play nothing, show what the file has")
    parser.add_argument("--out", type=Path, default=Path("optimisers.jsonl"))
    args = parser.parse_args()
    args.families = args.families or ["hartmann6", "mix10", "ood10", "d30"]
    args.methods = args.methods or ["random", "sobol", "hand+ei"]
    if not args.table:
        play_missing(args)
    print_tables(read(args.out), args.families, args.rival)


if __name__ == "__main__":
    main()
