"""The circle of a station: mail in a hand that it reads badly, keyed, learned from, proved, taken, read again.

    python tests/benchmarks/bench_circle.py OUT [--hand unusual] [--stations 2] [--pieces 500] [--fresh 200]

Stations read simulated mail whose codes are written with MNIST's training digits, into journals; what they reject is
keyed by the truth and exported as review queues; `edgedigits station retrain` makes an update, a station takes it, and
reads fresh mail, of MNIST's test digits, before and after. What is written lies in OUT; the figures are printed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from mail_station import keyed_journal, read_mail, read_right, simulated_mail

from edgedigits.cli.main import main as edgedigits
from edgedigits.core.pretrained.bundled import bundled_line_model
from edgedigits.edge.recordings.mail.judging import MailJudgement
from edgedigits.edge.station.journal.labelled import export_labelled
from edgedigits.edge.station.updates.store import ModelStore


def circle(
    out: Path, *, hand: str, stations: int, pieces: int, fresh: int, epochs: int, options: tuple[str, ...] = ()
) -> dict[str, object]:
    """Go round once; the figures."""
    queues = []
    keyed = 0
    for number in range(1, stations + 1):
        mail = simulated_mail("train", hand, pieces, 20 + number)
        keyed += keyed_journal(out / f"journal-{number}", mail)[1]
        queues.append(export_labelled(out / f"journal-{number}", out / f"queue-{number}").folder)
    command("keys", "--out", out / "keys")
    done = command(
        *("retrain", *queues, "--key", out / "keys" / "station.key", "--out", out / "retrained"),
        *("--epochs", epochs, *options),
    )
    report = json.loads((out / "retrained" / "report.json").read_text(encoding="utf-8"))
    told: dict[str, object] = {"keyed": keyed, "report": report}
    if done:
        return told
    store = ModelStore(out / "models", bundled_line_model())
    (out / "updates").mkdir()
    for update in (out / "retrained").glob("*.edgeupdate"):
        shutil.copy(update, out / "updates")
    told["events"] = [event.words for event in store.look(out / "updates", out / "keys" / "station.pub")]
    for name, model in (("before", bundled_line_model()), ("after", store.current)):
        for kind in (hand, "any"):
            told[f"{kind}, {name}"] = figures(read_mail(simulated_mail("test", kind, fresh, 7), model))
    return told


def figures(judged: MailJudgement) -> dict[str, float]:
    """What is told of fresh mail."""
    return {**judged.as_dict(), "read_right": read_right(judged)}


def command(*words: object) -> int:
    """Run a command of `edgedigits station` in this process; its exit code."""
    try:
        edgedigits(["station", *map(str, words)])
    except SystemExit as over:
        return int(over.code or 0)
    return 0


def main() -> int:
    """Read the words of the command line and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--hand", default="unusual")
    parser.add_argument("--stations", type=int, default=2)
    parser.add_argument("--pieces", type=int, default=500)
    parser.add_argument("--fresh", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=6)
    given = vars(parser.parse_args())
    print(json.dumps(circle(given.pop("out"), **given), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
