"""Native logs are hidden, and standard error comes back, whoever asked for it and how often."""

from __future__ import annotations

import os
import threading

import pytest

from edgedigits.core.quiet import native_logs_hidden


def test_what_is_written_meanwhile_is_thrown_away_and_the_rest_shown(capfd):
    with native_logs_hidden(), native_logs_hidden():
        os.write(2, b"hidden")
    os.write(2, b"shown")
    assert capfd.readouterr().err == "shown"


def test_exception_passes_and_standard_error_comes_back(capfd):
    with pytest.raises(ValueError, match="as it is"), native_logs_hidden():
        raise ValueError("as it is")
    os.write(2, b"shown")
    assert capfd.readouterr().err == "shown"


def test_many_threads_leave_standard_error_as_it_was(capfd):
    def work() -> None:
        for _ in range(200):
            with native_logs_hidden():
                os.write(2, b"hidden")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"shown")
    assert capfd.readouterr().err == "shown"
