"""What an update file has to be before anything in it is believed."""

import io
import json
import zipfile

import pytest
from made_updates import BETTER, WORSE, strips

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.line_model import LineModel
from edgedigits.edge.station.updates.bundle import (
    MANIFEST,
    MODEL,
    MOST_BYTES,
    SIGNATURE,
    NoUpdate,
    read_update,
    write_update,
)
from edgedigits.edge.station.updates.keys import make_keys, sign
from edgedigits.edge.station.updates.self_test import SELF_TEST, self_test_of


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts, way=zipfile.ZIP_DEFLATED):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", way) as archive:
        for name, content in parts.items() if isinstance(parts, dict) else parts:
            archive.writestr(name, content)
    return made.getvalue()


def signed(parts, keys, **changed):
    """The parts with a manifest that says something else, signed for it."""
    manifest = json.dumps({**json.loads(parts[MANIFEST]), **changed}).encode()
    return zipped({**parts, MANIFEST: manifest, SIGNATURE: sign(manifest, keys.private)})


@pytest.fixture(scope="module")
def whole(update_of):
    return update_of().read_bytes()


@pytest.fixture
def parts(update_of):
    return members(update_of())


def refusal(data, keys):
    with pytest.raises(NoUpdate) as caught:
        read_update(data, keys.public)
    return caught.value


def test_an_update_says_what_it_is(whole, models, keys):
    found = read_update(whole, keys.public)
    assert (found.model, found.compared_with) == (models[1].sha256, models[0].sha256)
    assert found.proof == BETTER
    assert found.content[MODEL] == models[1].path.read_bytes()


def test_its_name_begins_with_the_models_sha256(update_of, models):
    assert update_of().name == f"update-{models[1].sha256[:12]}.edgeupdate"


def test_another_key_is_refused(whole, tmp_path):
    found = refusal(whole, make_keys(tmp_path))
    assert found.kind == "signature"
    assert "not one by the key of" in found.what


def test_a_manifest_that_was_changed_is_refused(parts, keys):
    manifest = parts[MANIFEST].replace(b'"better"', b'"equal!"')
    assert manifest != parts[MANIFEST]
    assert refusal(zipped({**parts, MANIFEST: manifest}), keys).kind == "signature"


@pytest.mark.parametrize("signature", [b"", b"0" * 64, b"0" * 10])
def test_a_wrong_signature_is_refused(parts, keys, signature):
    assert refusal(zipped({**parts, SIGNATURE: signature}), keys).kind == "signature"


@pytest.mark.parametrize("name", [MODEL, "card.json", SELF_TEST])
def test_a_part_that_was_changed_is_refused(parts, keys, name):
    found = refusal(zipped({**parts, name: parts[name] + b" "}), keys)
    assert (found.kind, found.what) == ("sha256", f"its {name} has another sha256 than its manifest says")


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_file_that_is_cut_short_is_refused(whole, keys, share):
    found = refusal(whole[: int(len(whole) * share)], keys)
    assert found.kind == "damaged"
    assert "cut short or damaged" in found.what


def test_a_byte_that_flipped_is_found(whole, keys):
    with pytest.raises(NoUpdate):
        read_update(whole[:2000] + bytes([whole[2000] ^ 1]) + whole[2001:], keys.public)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(parts, keys):
    bomb = zipped({**parts, MODEL: bytes(300 << 20)})
    assert len(bomb) < MOST_BYTES
    assert refusal(bomb, keys).kind == "size"


def test_a_part_that_says_it_is_smaller_than_it_is_is_refused(parts, keys):
    bomb = bytearray(zipped({**parts, MODEL: bytes(8 << 20)}))
    for place in range(len(bomb) - 4):
        if bomb[place : place + 4] == (8 << 20).to_bytes(4, "little"):
            bomb[place : place + 4] = (1000).to_bytes(4, "little")
    assert refusal(bytes(bomb), keys).kind in {"damaged", "size", "sha256"}


def test_a_file_that_is_too_large_is_refused(keys):
    assert refusal(bytes(MOST_BYTES + 1), keys).kind == "size"


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "extra.txt", "card.json/"])
def test_a_zip_with_other_names_is_refused(parts, keys, name):
    found = refusal(zipped({**parts, name: b"x"}), keys)
    assert found.kind == "damaged"
    assert name in found.what


def test_a_zip_with_a_name_twice_is_refused(parts, keys):
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = zipped([*parts.items(), (MODEL, b"x")])
    assert refusal(twice, keys).kind == "damaged"


def test_a_zip_that_lacks_a_part_is_refused(parts, keys):
    del parts[SELF_TEST]
    assert refusal(zipped(parts), keys).kind == "damaged"


@pytest.mark.parametrize("form", [0, 2, "1", None])
def test_another_format_is_refused_though_it_is_signed(parts, keys, form):
    found = refusal(signed(parts, keys, format=form), keys)
    assert found.kind == "format"
    assert "this station takes 1" in found.what


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"kind": "firmware"}, "damaged"),
        ({"members": []}, "damaged"),
        ({"members": {}}, "sha256"),
        ({"model": 7}, "damaged"),
        ({"model": "../../etc"}, "sha256"),
        ({"proof": None}, "proof"),
        ({"proof": {"verdict": "better"}}, "proof"),
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused_though_it_is_signed(parts, keys, changed, kind):
    assert refusal(signed(parts, keys, **changed), keys).kind == kind


def test_a_missing_public_key_is_named(whole, tmp_path):
    with pytest.raises(EdgedigitsError, match="cannot read the key"):
        read_update(whole, tmp_path / "station.pub")


def test_no_update_is_made_of_what_is_worse(models, keys, tmp_path):
    test = self_test_of(LineModel(models[1].path), strips())
    with pytest.raises(EdgedigitsError, match="is no update: it reads 15 of 60"):
        write_update(tmp_path, models[1].path, test, WORSE, models[0].sha256, keys.private)
    assert not list(tmp_path.iterdir())
