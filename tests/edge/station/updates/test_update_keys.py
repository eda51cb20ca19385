import stat

import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.updates.keys import is_signed, make_keys, sign


def test_the_private_key_is_its_owners_alone(tmp_path):
    keys = make_keys(tmp_path / "deep")
    assert stat.S_IMODE(keys.private.stat().st_mode) == 0o600
    assert (keys.private.name, keys.public.name) == ("station.key", "station.pub")


def test_a_message_is_signed_by_the_key_that_belongs_to_the_public_one(tmp_path):
    keys, others = make_keys(tmp_path / "a"), make_keys(tmp_path / "b")
    signature = sign(b"message", keys.private)
    assert is_signed(b"message", signature, keys.public)
    assert not is_signed(b"messagE", signature, keys.public)
    assert not is_signed(b"message", signature, others.public)


def test_a_key_is_never_replaced(tmp_path):
    before = make_keys(tmp_path).private.read_bytes()
    with pytest.raises(EdgedigitsError, match=r"station\.key exists"):
        make_keys(tmp_path)
    assert (tmp_path / "station.key").read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"no key", b"\xff" * 100])
def test_a_file_that_is_no_key_is_named(tmp_path, content):
    path = tmp_path / "station.pub"
    path.write_bytes(content)
    with pytest.raises(EdgedigitsError, match=r"holds no public key.*station keys"):
        is_signed(b"", b"0" * 64, path)
    with pytest.raises(EdgedigitsError, match="holds no private key"):
        sign(b"", path)


def test_keys_of_another_kind_are_refused(tmp_path):
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    path = tmp_path / "station.key"
    path.write_bytes(generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(EdgedigitsError, match="another kind than Ed25519"):
        sign(b"", path)


def test_a_missing_key_is_named(tmp_path):
    with pytest.raises(EdgedigitsError, match=r"cannot read the key .*station\.pub"):
        is_signed(b"", b"0" * 64, tmp_path / "station.pub")
