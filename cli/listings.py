"""Help that lists the names an option takes, read from their registry when the help is asked for."""

from __future__ import annotations

import click


class TrainingCommand(click.Command):
    """A command whose help ends in the networks and augmentations there are."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the names, none of which needs TensorFlow."""
        from edgedigits.train.networks.catalogue import NETWORKS
        from edgedigits.train.recipes import AUGMENTATIONS

        with formatter.section("Networks (--model; `edgedigits models` tells more)"):
            formatter.write_text(", ".join(NETWORKS))
        with formatter.section("Augmentations (--augment)"):
            formatter.write_dl([(name, entry.about) for name, entry in AUGMENTATIONS.items()])
        super().format_epilog(ctx, formatter)


class ExportCommand(click.Command):
    """A command whose help ends in the targets there are."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the names and what they are."""
        from edgedigits.firmware_export.targets.registry import TARGETS

        with formatter.section("Targets (--target)"):
            formatter.write_dl([(name, target.about) for name, target in TARGETS.items()])
        super().format_epilog(ctx, formatter)


class QuantizeCommand(click.Command):
    """A command whose help ends in the recipes there are."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the names and what they are, none of which needs TensorFlow."""
        from edgedigits.quantize.recipes import RECIPES

        for title, trains in (("Recipes (--recipe)", False), ("Recipes that train on, for minutes", True)):
            with formatter.section(title):
                formatter.write_dl([(name, one.about) for name, one in RECIPES.items() if one.trains == trains])
        super().format_epilog(ctx, formatter)
