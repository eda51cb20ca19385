"""What is said of a command that Ctrl-C stopped: what it has kept, and how to go on."""

from __future__ import annotations

from pathlib import Path

import click

from edgedigits.cli.options import OUT

_READ = "what was printed so far was read; give it what is left"
_STAGES = "what its finished stages made stays in {out}; the same command with --force does all of it again"
_ROWS = "what is finished stays in {out}; the same command goes on with --resume, and starts anew with --force"
_MODELS = "the models that were measured stay in {out}; the same command goes on with the others"
_NOTHING = "nothing was written; the same command starts again"
STOPPED_EARLY = f"stopped: {_NOTHING}"
"""Before any command has begun."""
_KEPT = {"predict": _READ, "run": _STAGES, "corruptions": _MODELS}


def stopped_words(ctx: click.Context) -> str:
    """What was kept of the command that a group has called, and what to do.

    Files are written whole or not at all, so that of a command without ``--resume`` nothing is left.

    Args:
        ctx: of the group, after the command was stopped.
    """
    name = ctx.invoked_subcommand or ""
    command = ctx.command.commands.get(name) if isinstance(ctx.command, click.Group) else None
    resumes = command is not None and any(option.name == "resume" for option in command.params)
    kept = _KEPT.get(name, _ROWS if resumes else _NOTHING)
    out: Path | None = ctx.meta.get(OUT)
    if "{out}" in kept and not (out and out.is_dir() and any(out.iterdir())):
        kept = _NOTHING
    return f"stopped: {kept.format(out=out)}"
