"""The command line as the tests call it: in this process, with the exit code that is expected."""

from __future__ import annotations

from click.testing import CliRunner, Result

from edgedigits.cli.main import main


def call(*arguments: object, code: int = 0) -> Result:
    """Run ``edgedigits`` with some words; another exit code than ``code`` fails the test and shows what was printed."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    if result.exit_code != code:
        raise AssertionError(f"exit code {result.exit_code}: {result.output}") from result.exception
    return result
