"""Put the hold-outs of a new hard set on its board: they have answered every file already."""

import numpy as np

from brittle.domains import domain_of
from brittle.store.hard_set import HardSet
from brittle.store.scores import LONGEST, ScoredModel, last_part, score_file, write_score
from brittle.store.set_files import SetFiles, sources_of
from brittle.tasks.score.asking import Answered
from brittle.tasks.score.entry import Scored, counted
from brittle.tasks.score.score import write_board


def begin_board(hard: HardSet) -> None:
    """Write an entry for each hold-out that has none, and the board; nothing is asked. Raises DiskError."""
    sources = sources_of(hard)
    benchmark = SetFiles(hard, domain_of(hard.about.spec)).sha256
    predicted = {(one.model, one.file): one.predicted for one in hard.held_out()}
    for net in hard.about.hold_outs:
        name = last_part(net.name).removesuffix(".onnx")[:LONGEST]
        files = [[one.clean, *(item.file for item in one.items)] for one in sources]
        if hard.has(score_file(name)) or any(
            (net.name, file) not in predicted for row in files for file in row
        ):
            continue
        right = [
            [predicted[net.name, file] == one.label for file in row]
            for one, row in zip(sources, files, strict=True)
        ]
        model = ScoredModel(name=last_part(net.name)[:1000], sha256=net.sha256)
        who = Scored(name=name, model=model, seen=False, hold_out=True)
        write_score(hard, counted(who, benchmark, sources, Answered(np.array(right, bool), unanswered=0)))
    write_board(hard.path)
