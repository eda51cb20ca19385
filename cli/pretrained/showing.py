"""Tables of pretrained models: what there is, and how it compares with the cards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from edgedigits.cli.output import say, show_table
from edgedigits.core.counting import counted

if TYPE_CHECKING:
    from edgedigits.cli.pretrained.verifying import Verification
    from edgedigits.core.pretrained.candidates import Candidates, Spread
    from edgedigits.core.pretrained.catalogue import PretrainedModel
    from edgedigits.core.pretrained.figures import Figures

_SHOWN_OF_SHA256 = 12


def listed(model: PretrainedModel) -> dict[str, Any]:
    """What is said of a model as JSON; its figures are None where its card keeps none."""
    from edgedigits.core.pretrained.figures import figures_of

    card = model.int8_card()
    figures = figures_of(card)
    return {
        "name": model.name,
        "network": card.network,
        "int8": str(model.int8_path),
        "float": str(model.float_path),
        "figures": figures.as_dict() if figures else None,
    }


def show_models(models: Sequence[PretrainedModel]) -> None:
    """What a user chooses a model by, a line each, from the cards alone."""
    from edgedigits.core.pretrained.figures import figures_of

    head = ("name", "flash", "MNIST %", "corrupted: misread %", "MACs", "activations")
    show_table(head, [(model.name, *_cells(figures_of(model.int8_card()))) for model in models])
    say(
        "flash: bytes of the parameters in the exported C; MNIST: test digits that the int8 model reads; corrupted: "
        "mean of fifteen kinds; activations: bytes"
    )


def _cells(figures: Figures | None) -> tuple[str, ...]:
    if figures is None:
        return ("-",) * 5
    return (
        f"{figures.parameter_bytes:,}",
        f"{figures.int8_accuracy:.2f}",
        f"{figures.corruption_error:.2f}",
        f"{figures.macs:,}",
        f"{figures.activation_bytes:,}",
    )


def _show_candidates(model: PretrainedModel, found: Candidates | None) -> None:
    """The candidates that a model was chosen among, a line each; nothing where its card keeps none."""
    if found is None:
        return
    say(f"\n{model.name}: chosen by validation digits and their distortions among {counted(found.count, 'candidate')}")
    rows = [
        (one.seed, f"{one.augmented_accuracy:.3f}", *(f"{percent:.2f}" for percent in one.percents[1:]), told)
        for one, told in [(found.shipped, "shipped"), *((one, "") for one in found.beside)]
    ]
    show_table(("seed", "distorted %", "validation %", "test, float %", "test, int8 %", ""), rows)
    say("distorted: of the validation digits as they are and each in nine distortions; by that it is chosen")
    for what, spread in (("float", found.floats), ("int8", found.int8)):
        if spread:
            say(f"beside the shipped one, {what}: mean {spread.mean:.2f} %{_deviation(spread)}")


def _deviation(spread: Spread) -> str:
    return "" if spread.deviation is None else f", standard deviation {spread.deviation:.2f} points"


def show_figures(model: PretrainedModel, figures: Figures) -> None:
    """Every figure of a model."""
    say(f"{model.name}: {', '.join(f'{count:,} digits of {name}' for name, count in figures.digits.items())}")
    show_table(("figure", "measured"), [(name, _text(value, exact=False)) for name, value in figures.named()])
    _show_candidates(model, figures.candidates)


def show_verification(found: Verification) -> None:
    """Every figure of a model beside its card."""
    differing = len(found.differing)
    told = f"{differing} of {len(found.figures)} figures differ" if differing else "all figures are those of the card"
    say(f"{found.name}: {told}")
    rows = [
        (
            one.figure,
            _text(one.card, exact=not one.same),
            _text(one.measured, exact=not one.same),
            "same" if one.same else "DIFFERS",
        )
        for one in found.figures
    ]
    show_table(("figure", "card", "measured", ""), rows)
    for one in found.below:
        say(f"BELOW ITS FLOOR: {one.told}")
    if found.software and found.software["card"] != found.software["here"]:
        from edgedigits.cli.pretrained.verifying import TOLERANCE

        told = "; ".join(f"{at}: {', '.join(map(' '.join, used.items()))}" for at, used in found.software.items())
        say(f"other software measured it ({told}), so that percentages may differ by {TOLERANCE}")


def _text(value: str | float | None, exact: bool) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return f"{value[:_SHOWN_OF_SHA256]}..."
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4f}" if exact else f"{value:.2f}"
