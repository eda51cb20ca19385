from __future__ import annotations

import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.resumable import Resumable, check_identity, identity_of

SEARCH = Resumable("search", lambda out: (out / "begun").is_file())


@pytest.fixture
def begun(tmp_path):
    (tmp_path / "begun").touch()
    return tmp_path


def test_an_empty_folder_or_none_is_begun_in(tmp_path):
    for out in (tmp_path, tmp_path / "none"):
        for force in (False, True):
            SEARCH.check_folder(out, force=force, resume=False)


def test_what_was_begun_goes_on_or_starts_anew(begun):
    SEARCH.check_folder(begun, force=False, resume=True)
    SEARCH.check_folder(begun, force=True, resume=False)


def test_what_was_begun_is_not_begun_again_unasked(begun):
    with pytest.raises(EdgedigitsError, match="holds a search already; go on with --resume, or start anew"):
        SEARCH.check_folder(begun, force=False, resume=False)
    with pytest.raises(EdgedigitsError, match="holds an interrupted search already"):
        Resumable("interrupted search", SEARCH.begun).check_folder(begun, force=False, resume=False)


def test_nothing_to_resume_has_a_remedy_that_works(tmp_path):
    with pytest.raises(EdgedigitsError, match=r"no search to resume; name the folder .*, or leave out --resume"):
        SEARCH.check_folder(tmp_path, force=False, resume=True)
    SEARCH.check_folder(tmp_path, force=False, resume=False)
    (tmp_path / "other").touch()
    with pytest.raises(EdgedigitsError, match="or start anew with --force instead of --resume"):
        SEARCH.check_folder(tmp_path, force=False, resume=True)
    SEARCH.check_folder(tmp_path, force=True, resume=False)


def test_what_another_command_left_is_not_replaced_unasked(tmp_path):
    (tmp_path / "other").touch()
    with pytest.raises(EdgedigitsError, match="exists and is not empty"):
        SEARCH.check_folder(tmp_path, force=False, resume=False)


def test_a_damaged_run_starts_anew_by_force(tmp_path):
    def damaged(out):
        raise EdgedigitsError("damaged", "start anew with --force")

    with pytest.raises(EdgedigitsError, match="damaged"):
        Resumable("search", damaged).check_folder(tmp_path, force=False, resume=True)
    Resumable("search", damaged).check_folder(tmp_path, force=True, resume=False)


def test_the_first_setting_that_differs_is_named(tmp_path):
    before = identity_of({"seed": 0, "sizes": (1, 2)})
    SEARCH.check_same(tmp_path, before, identity_of({"seed": 0, "sizes": (1, 2)}))
    with pytest.raises(EdgedigitsError, match=r"the search in .* was started with seed 0, not 1; .*instead of --res"):
        SEARCH.check_same(tmp_path, before, identity_of({"seed": 1, "sizes": (3,)}))
    with pytest.raises(EdgedigitsError, match=r"was started with sizes \[1, 2\], not \[3\]"):
        check_identity("search", tmp_path, before, identity_of({"seed": 0, "sizes": (3,)}))
    with pytest.raises(EdgedigitsError, match=r"was started with version of edgedigits 0\.0, not "):
        SEARCH.check_same(tmp_path, {**before, "version of edgedigits": "0.0"}, before)
