"""The command that says what a machine has, what it lacks, and what mends it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from edgedigits.cli import options
from edgedigits.cli.fitting import wrapped
from edgedigits.cli.output import loading, show_json

if TYPE_CHECKING:
    from edgedigits.cli.doctor.finding import Finding

_COLOURS = {"ok": "green", "missing": "yellow", "fault": "red"}


@click.command(short_help="Say what this machine has, lacks, and what mends it.")
@options.as_json
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Say what this machine has, what it lacks, and what mends it.

    Looks at Python, NumPy, OpenCV, TFLite runtimes, TensorFlow, the GPU with driver and CUDA's libraries, cameras,
    compilers, emulators, data and disk, on a workstation and a Raspberry Pi alike. Exits with 1 where something is
    broken that this kind of installation needs; what is missing beyond that is no error.

    \b
    Example:
      edgedigits doctor
    """
    from edgedigits.cli.doctor.checks import examine
    from edgedigits.core.machine.host import Host

    with loading("what is installed"):
        kind, findings = examine(Host())
    broken = [finding for finding in findings if finding.broken]
    if as_json:
        show_json({"installation": kind.name, "healthy": not broken, "findings": [asdict(one) for one in findings]})
    else:
        click.echo("installation: " + ("the command alone, no extra" if kind == 0 else f"[{kind.name}]"))
        _show(findings)
        click.echo(_summary(findings, broken))
    if broken:
        ctx.exit(1)


def _show(findings: Sequence[Finding]) -> None:
    width = min(shutil.get_terminal_size((80, 24)).columns, 120)
    margin = " " * 9
    for finding in findings:
        status = click.style(f"{finding.status:<9}", fg=_COLOURS[finding.status])
        text = click.wrap_text(f"{finding.name}: {finding.found}", width - len(margin), "", "  ")
        click.echo(status + text.replace("\n", f"\n{margin}"))
        if finding.remedy:
            remedy = wrapped(f"-> {finding.remedy}", width - len(margin) - 2, "   ")
            click.echo(f"{margin}  " + remedy.replace("\n", f"\n{margin}  "))


def _summary(findings: Sequence[Finding], broken: Sequence[Finding]) -> str:
    if broken:
        return f"broken, and needed here: {', '.join(finding.name for finding in broken)}"
    rest = sum(finding.status != "ok" for finding in findings)
    return "all that this installation needs is there" + (f"; {rest} more could be" if rest else "")
