"""Help that lists the names an option takes, read from their registry when the help is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

import click

Listing = tuple[str, list[tuple[str, str]] | str]
"""A heading, and below it names with what they are, or a sentence."""


class ListingCommand(click.Command):
    """A command whose help ends in what there is to choose from."""

    def listings(self) -> Iterator[Listing]:
        """What stands there; loads no package."""
        raise NotImplementedError

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the listings."""
        for title, content in self.listings():
            with formatter.section(title):
                if isinstance(content, str):
                    room = formatter.width - formatter.current_indent
                    for line in wrap(content, room, break_on_hyphens=False):  # a name that is broken cannot be copied
                        formatter.write_text(line)
                else:
                    formatter.write_dl(content)
        super().format_epilog(ctx, formatter)


class TrainingCommand(ListingCommand):
    """A command whose help ends in the networks and augmentations there are."""

    def listings(self) -> Iterator[Listing]:
        """Networks and augmentations."""
        from edgedigits.train.lines.catalogue import LINE_NETWORKS
        from edgedigits.train.networks.catalogue import NETWORKS
        from edgedigits.train.presets import PRESETS
        from edgedigits.train.recipes import AUGMENTATIONS

        yield "Models that ship (--preset; their networks are called NAME-coded)", ", ".join(PRESETS)
        yield "Networks (--model; `edgedigits models` tells more)", ", ".join(NETWORKS)
        yield "Networks that read a line at once (--model)", ", ".join(LINE_NETWORKS)
        yield "Augmentations (--augment)", [(name, entry.about) for name, entry in AUGMENTATIONS.items()]


class ExportCommand(ListingCommand):
    """A command whose help ends in the targets there are."""

    def listings(self) -> Iterator[Listing]:
        """Targets."""
        from edgedigits.firmware_export.targets.registry import TARGETS

        yield "Targets (--target)", [(name, target.about) for name, target in TARGETS.items()]


class QuantizeCommand(ListingCommand):
    """A command whose help ends in the recipes there are."""

    def listings(self) -> Iterator[Listing]:
        """Recipes, those that train on last."""
        from edgedigits.quantize.recipes import RECIPES

        for title, trains in (("Recipes (--recipe)", False), ("Recipes that train on, for minutes", True)):
            yield title, [(name, one.about) for name, one in RECIPES.items() if one.trains == trains]
