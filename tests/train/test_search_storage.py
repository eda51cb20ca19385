"""What can be wrong with the database of a study, each a clear error that shows no password."""

import socket
import subprocess

import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.train.search.storage import database_errors, exclusive, open_storage, shown, sqlite_url, url_of
from tests.train.postgres_server import PASSWORD


def use(address: str) -> None:
    url = url_of(address)
    with exclusive(url):
        open_storage(url)


def refusal(address: str) -> str:
    with pytest.raises(EdgedigitsError) as caught:
        use(address)
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("studies", "no address of a database"),
        ("postgresql://ann:word@host:port/db", "no address of a database"),
        ("mysql://ann@host/db", "cannot be kept in mysql"),
        ("postgres://ann@host/db", "cannot be kept in postgres; write .*postgresql://"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("postgresql://ann:p@ss@host/db", "holds an @.*%40"),
    ],
)
def test_what_is_no_address_of_a_database_is_refused_before_anything_is_tried(address, said):
    with pytest.raises(EdgedigitsError, match=said) as caught:
        url_of(address)
    assert "word" not in str(caught.value).replace("password", "")
    assert "ss@host" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["postgresql://ann:word@host/db", "postgresql://ann@host/db?password=word", "postgresql://ann@host/db"]
)
def test_passwords_are_masked(address):
    text = shown(url_of(address))
    assert "word" not in text
    assert text.startswith("postgresql://ann")


def test_a_database_that_nobody_answers_for():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        text = refusal(f"postgresql://ann:{PASSWORD}@127.0.0.1:{free.getsockname()[1]}/studies")
    assert "refused" in text
    assert "check that the server runs" in text


def test_a_host_that_does_not_exist():
    assert "check that the server runs" in refusal(f"postgresql://ann:{PASSWORD}@no-such-host.invalid/studies")


def test_a_wrong_password(server):
    assert "check user and password" in refusal(server.url(password="wrong"))


def test_a_user_that_does_not_exist(server):
    text = refusal(server.url().replace("searcher", "nobody"))
    assert "check user and password" in text


def test_a_database_that_does_not_exist(server):
    assert "createdb" in refusal(server.url("no_such_database"))


def test_a_user_who_may_not_make_tables(server):
    address = server.new_database()
    psql = [server.programs / "psql", "-q", address, "-c"]
    subprocess.run([*psql, f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'"], check=True)
    assert "allowed to write" in refusal(address.replace("searcher", "reader"))


def test_a_connection_that_is_cut_in_the_middle(server):
    url = url_of(server.new_database())
    with exclusive(url):
        storage = open_storage(url)
    with (
        pytest.raises(EdgedigitsError, match=r"terminat.*run the same command again"),
        database_errors(url),
        storage.engine.begin() as connection,
    ):
        psql = [server.programs / "psql", "-q", server.url(), "-c"]
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"
        subprocess.run([*psql, cut.format(url.database)], check=True, stdout=subprocess.DEVNULL)
        connection.exec_driver_sql("SELECT 1")


def test_a_missing_driver():
    assert 'pip install "edgedigits[train]"' in refusal("postgresql+pg8000://ann@127.0.0.1/studies")


def test_a_damaged_sqlite_file(tmp_path):
    path = tmp_path / "study.db"
    path.write_bytes(b"this is no database" * 300)
    assert "restore the file from a copy" in refusal(f"sqlite:///{path}")


def test_a_sqlite_file_that_was_cut_short(tmp_path):
    path = tmp_path / "study.db"
    use(f"sqlite:///{path}")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "restore the file from a copy" in refusal(f"sqlite:///{path}")


def test_a_folder_that_does_not_exist(tmp_path):
    assert "check that its folder exists" in refusal(f"sqlite:///{tmp_path}/missing/study.db")


def test_a_database_of_another_version_of_optuna(tmp_path):
    address = f"sqlite:///{tmp_path}/study.db"
    use(address)
    with open_storage(url_of(address)).engine.begin() as connection:
        connection.exec_driver_sql("UPDATE version_info SET schema_version = 3")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'v0.9.0.a'")
    assert "another version of Optuna" in refusal(address)


def test_a_file_in_a_folder_of_any_name(tmp_path):
    folder = tmp_path / "50% of {all} + é"
    folder.mkdir()
    url = sqlite_url(folder / "study.db")
    with exclusive(url):
        open_storage(url)
    assert (folder / "study.db").stat().st_size > 0
    with pytest.raises(EdgedigitsError, match=r"holds a \?"):
        sqlite_url(tmp_path / "why?" / "study.db")
