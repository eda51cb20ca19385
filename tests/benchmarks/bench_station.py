"""What a station reads of simulated mail: pieces right, rejected and wrong, at a threshold found on other pieces.

    python tests/benchmarks/bench_station.py accuracy --level ordinary --pieces 5000
    python tests/benchmarks/bench_station.py accuracy --level ordinary --pieces 5000 --codes 500
    python tests/benchmarks/bench_station.py speed

The threshold is chosen on pieces that are written with digits of MNIST's validation part; those of its test part are
read once, with that threshold.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import click
import cv2
import numpy as np
from station_speed import speed

from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.lines.allowed import both, from_forms, of_codes
from edgedigits.core.machine.load import LoadWatch, busy_words
from edgedigits.core.statistics.proportions import upper_bound
from edgedigits.edge.recordings.mail.belt import RATE, Belt, BeltPlan
from edgedigits.edge.recordings.mail.judging import MailAnswer, judge_mail
from edgedigits.edge.recordings.mail.levels import LEVELS
from edgedigits.edge.station.calibration.calibrating import by_place, find_threshold, read_pieces
from edgedigits.edge.station.calibration.threshold import NEVER
from edgedigits.edge.station.configuration.settings import ReadingSettings
from edgedigits.edge.station.opening import open_reader
from edgedigits.edge.station.pieces.code_reader import CodeReader
from edgedigits.edge.station.pieces.deciding import Decider
from edgedigits.edge.station.pieces.watching import Watch

IN_VIEW = {"easy": 8, "ordinary": 8}
"""Frames in which a piece is wholly in view: enough for a result within 0.2 seconds, and the quickest to compute. At
other levels, where pieces touch, as many as they have."""


LOT = 500
"""Pieces that a process reads at a time, on a belt of their own."""


@click.group()
def main() -> None:
    """Measure a station."""


@main.command()
@click.option("--level", type=click.Choice([*LEVELS, "all"]), default="ordinary")
@click.option("--pieces", default=5000, help="That are read at the threshold.")
@click.option("--calibrate", default=3000, help="Others that the threshold is chosen on.")
@click.option("--codes", default=0, help="Valid codes; 0: all of five digits.")
@click.option("--target-error", default=0.5, help="Percent.")
@click.option("--threshold", type=float, help="In place of one that is chosen: 0.97 has a station without calibration.")
@click.option("--model", default="builtin")
@click.option("--json", "as_json", is_flag=True)
def accuracy(
    level: str,
    pieces: int,
    calibrate: int,
    codes: int,
    target_error: float,
    threshold: float | None,
    model: str,
    as_json: bool,
) -> None:
    """Pieces right, rejected and wrong."""
    for name in LEVELS if level == "all" else (level,):
        reader, _ = _reader(model, codes)
        watch, started = LoadWatch(), time.perf_counter()
        chosen = {"threshold": threshold}
        if threshold is None:
            known = _read(model, codes, name, "validation", 1, calibrate)[0]
            found = find_threshold(known, reader, target_error)
            counts = [found.threshold.count, found.threshold.accepted, found.threshold.wrong]
            chosen = {"threshold": round(found.calibration.threshold, 4), "calibrated": counts}
        read = _read(model, codes, name, "test", 2, pieces)
        told = {"level": name, "codes": codes} | chosen | _counted(*read, chosen["threshold"], target_error)
        told |= {"seconds": round(time.perf_counter() - started), "busy": busy_words(watch.share())}
        print(json.dumps(told) if as_json else _words(told), flush=True)


@main.command()
@click.option("--pieces", default=3000, help="That the weights are found on.")
@click.option("--seed", default=43)
def fit(pieces: int, seed: int) -> None:
    """Find the weights of edge/station/pieces/sureness.py."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        lots = list(pool.map(_features, _lots(seed, pieces)))
    features, right = np.concatenate([one for one, _ in lots]), np.concatenate([one for _, one in lots])
    scaler = StandardScaler().fit(features)
    found = LogisticRegression(C=0.3, max_iter=2000).fit(scaler.transform(features), right)
    weights = found.coef_[0] / scaler.scale_
    constant = float(found.intercept_[0] - weights @ scaler.mean_)
    print(f"on {len(right):,} decisions, {np.mean(right):.4f} of them right")
    print([round(value, 4) for value in (constant, *weights.tolist())])


def _features(lot: tuple[int, int]):
    """Features of each piece, by its first two frames and by all, and whether its code is right."""
    seed, count = lot
    cv2.setNumThreads(1)
    reader = open_reader(ReadingSettings(), Path())
    digits = split_dataset(load_dataset("mnist"), "default").validation
    belt = Belt(digits.images, digits.labels, BeltPlan("ordinary", seed, count, frames_in_view=IN_VIEW["ordinary"]))
    features, right = [], []
    for threshold in (0.0, NEVER):
        pieces, answers, seen = [], [], []
        watch = Watch(reader.codes, lambda threshold=threshold: Decider(threshold))
        for index, frame in enumerate(belt.frames(pieces.append)):
            for piece in watch.look(frame, index / RATE):
                if piece.decision.features:
                    answers.append(MailAnswer(piece.decision.code, "read", index, piece.track.box))
                    seen.append(piece.decision.features)
        of = {id(answer): one for answer, one in zip(answers, seen, strict=True)}
        for judged in judge_mail(pieces, answers).pieces:
            if judged.answer is not None:
                features.append(of[id(judged.answer)])
                right.append(judged.verdict == "right")
    return np.array(features), np.array(right)


def _reader(model: str, codes: int):
    """The reader of a station with so many valid codes, and these."""
    valid = _codes(codes)
    reader = open_reader(ReadingSettings(model=model), Path())
    if valid:
        allowed = both(from_forms((r"\d{5}",)), of_codes(valid, Path("codes")))
        reader = replace(reader, codes=CodeReader(reader.codes.model, reader.codes.digits, allowed))
    return reader, valid


def _counted(known, others: int, threshold: float, target_error: float) -> dict[str, object]:
    """What became of pieces at a threshold, and what share the best threshold for the target would accept of them."""
    accepted = [one for one in known if one.confidence >= threshold]
    wrong = sum(not one.is_right for one in accepted)
    with_code = sum(bool(one.truth) for one in known)
    ranked = sorted(known, key=lambda one: (-one.confidence, one.is_right))
    errors = np.cumsum([not one.is_right for one in ranked]) / np.arange(1, len(ranked) + 1)
    good = np.flatnonzero(errors <= target_error / 100)
    return {
        "pieces": len(known),
        "with_code": with_code,
        "missed": sum(one.confidence == 0.0 and not one.code for one in known),
        "right": len(accepted) - wrong,
        "wrong": wrong,
        "rejected": len(known) - len(accepted),
        "accepted_percent": round(100 * len(accepted) / len(known), 2),
        "error_percent": round(100 * wrong / max(1, len(accepted)), 3),
        "error_at_most": round(100 * upper_bound(wrong, len(accepted), 0.95), 3) if accepted else None,
        "read_right_percent": round(100 * sum(one.is_right for one in known) / with_code, 2),
        "acceptable_percent": round(100 * (int(good[-1]) + 1) / len(known), 2) if len(good) else 0.0,
        "doubled_or_made_up": others,
    }


def _read(name: str, codes: int, level: str, part: str, seed: int, count: int):
    """Pieces as they were read, and how many results belong to none or came twice; in lots, by all cores."""
    lots = [(name, codes, level, part, *lot) for lot in _lots(seed, count)]
    known, others = [], 0
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for of_lot, others_of_lot in pool.map(_read_lot, lots):
            known += of_lot
            others += others_of_lot
    return known, others


def _lots(seed: int, count: int) -> list[tuple[int, int]]:
    """Seeds of the lots' belts, and their pieces."""
    return [(1000 * seed + number, min(LOT, count - number * LOT)) for number in range(-(-count // LOT))]


def _read_lot(lot: tuple[str, int, str, str, int, int]):
    name, codes, level, part, seed, count = lot
    cv2.setNumThreads(1)
    reader, valid = _reader(name, codes)
    digits = getattr(split_dataset(load_dataset("mnist"), "default"), part)
    plan = BeltPlan(level, seed, count, codes=valid, frames_in_view=IN_VIEW.get(level))
    belt, pieces = Belt(digits.images, digits.labels, plan), []
    read = list(read_pieces(reader, belt.frames(pieces.append), RATE))
    return by_place(read, pieces)


def _codes(count: int) -> tuple[str, ...]:
    """Valid codes, spread evenly over all by lot, as those of towns are."""
    draw = np.random.default_rng(0)
    return tuple(f"{code:05}" for code in sorted(draw.choice(100_000, count, replace=False).tolist()))


def _words(told: dict[str, object]) -> str:
    return (
        f"{told['level']}: {told['pieces']} pieces, accepted {told['accepted_percent']} %, of these wrong "
        f"{told['error_percent']} % (at most {told['error_at_most']} %); rejected {told['rejected']}, missed "
        f"{told['missed']}, doubled or made up {told['doubled_or_made_up']}; without a threshold "
        f"{told['read_right_percent']} % right; with hindsight {told['acceptable_percent']} % could be accepted; "
        f"{told['seconds']} s, {told['busy']}"
    )


main.add_command(speed)

if __name__ == "__main__":
    main()
