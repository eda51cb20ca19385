"""The one place where errors that a user can mend are shown."""

from __future__ import annotations

import errno
import signal
import sys
import threading
import warnings
from typing import Any

import click

from edgedigits.cli.piping import read_or_not

EXTRAS = {
    **dict.fromkeys(("numpy", "cv2", "tflite_runtime", "ai_edge_litert", "platformdirs"), "edge"),
    **dict.fromkeys(
        (
            *("tensorflow", "tf_keras", "sklearn", "matplotlib", "pooch", "jinja2", "tflite"),
            *("requests", "PIL", "serial", "plotly", "xgboost", "optuna", "sqlalchemy", "psycopg2", "joblib", "scipy"),
            *("tensorflow_model_optimization", "threadpoolctl"),
        ),
        "train",
    ),
    **dict.fromkeys(("paho", "prometheus_client", "starlette", "uvicorn", "cryptography"), "station"),
    "pyarrow": "parquet",
}


def _stop_cleanly_on_sigterm() -> None:
    """Let SIGTERM unwind the stack, so that half-made folders are removed; 143 is what a shell reports for it."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def _show_warnings_as_sentences() -> None:
    """Print the package's own warnings as ``Warning: what happens; what to do``; the others as Python does.

    Warnings are for people and fit the terminal; an error stays one line, which a script can take apart.
    """
    show = warnings.showwarning

    def show_ours(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        errors = sys.modules.get("edgedigits.core.errors")
        if errors is not None and issubclass(category, errors.EdgedigitsWarning):
            from edgedigits.cli.output import say

            say(f"Warning: {message}", err=True, fg="yellow")
        else:
            show(message, category, *where, **more)

    warnings.showwarning = show_ours


class Commands(click.Group):
    """A group that prints ``Error: what happened; what to do`` and exits with 1 where a user can mend it.

    Wrong usage is click's own: exit code 2. Everything else is a bug and keeps its traceback.
    """

    def main(self, *words: Any, **settings: Any) -> Any:
        """Run the command that was asked for to its end, whether or not its output is read so far."""
        with read_or_not():
            return super().main(*words, **settings)

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **extra: Any) -> click.Context:
        """Read the command line; stopped there, it ends as a command does."""
        try:
            return super().make_context(info_name, args, *more, **extra)
        except KeyboardInterrupt:
            from edgedigits.cli.stopping import STOPPED_EARLY

            raise click.ClickException(STOPPED_EARLY) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        _stop_cleanly_on_sigterm()
        try:
            with warnings.catch_warnings():
                _show_warnings_as_sentences()
                return super().invoke(ctx)
        except ModuleNotFoundError as error:
            package = (error.name or "").split(".")[0]
            if package not in EXTRAS:
                raise
            extra = EXTRAS[package]
            message = f'this command needs {package}, which is not installed; pip install "edgedigits[{extra}]"'
        except KeyboardInterrupt:
            from edgedigits.cli.stopping import stopped_words

            message = stopped_words(ctx)
            if sys.stderr.isatty():
                click.echo(err=True)  # after the terminal's ^C
        except OSError as error:
            message = _words_of(error)
            if not message:
                raise
        except Exception as error:
            errors = sys.modules.get("edgedigits.core.errors")
            if errors is None or not isinstance(error, errors.EdgedigitsError):
                raise
            message = str(error)
        finally:
            _tell_about_the_data_folder()
        click.echo(f"Error: {message}", err=True)
        return ctx.exit(1)


def _words_of(error: OSError) -> str:
    """What the system refused and what to do, where a user can mend it; else empty."""
    if error.errno == errno.ENOSPC:
        return f"no room left to write the output ({error.strerror}); free some disk space"
    name = str(error.filename or "")
    if name and error.errno == errno.ENAMETOOLONG:
        return f"the name {name[:40]}... of {len(name):,} characters is too long for a file; check the path"
    if name and error.errno in {errno.EACCES, errno.EPERM}:
        return f"{name} may not be used ({error.strerror}); check the rights to it and to the folders that it lies in"
    return ""


def _tell_about_the_data_folder() -> None:
    """After a command that used a data set: remember where data were found, so that the next shell finds them too."""
    mnist = sys.modules.get("edgedigits.core.datasets.mnist")
    if mnist and (words := mnist.remember_named_folder()):
        from edgedigits.cli.output import say

        say(f"Note: {words}", err=True)
