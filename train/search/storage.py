"""Where a study is kept: a SQLite file for one machine, or a PostgreSQL database that many machines share."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy as sa
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage

from edgedigits.core.errors import EdgedigitsError

CONNECT_SECONDS = 10
LOCK_SECONDS = 60
"""So long a worker waits for a database that another one is writing to."""

_LOCK = 0x65646765
"""Key of the advisory lock that one worker at a time holds in a PostgreSQL database while it sets a study up."""

_DRIVER = "postgresql+psycopg2"
"""The driver that comes with edgedigits: which one SQLAlchemy takes unless told depends on its version."""

_REMEDIES = (
    (r"password|authentication|pg_hba|role \S+ does not exist", "check user and password (PGPASSWORD and ~/.pgpass"
     " spare you from writing it into the command)"),
    (r"database \S+ does not exist", "have the database made first: createdb NAME"),
    (r"not a database|malformed|disk image", "restore the file from a copy, or search anew with --force"),
    (r"unable to open database file", "check that its folder exists and may be written to"),
    (r"permission denied|readonly|read-only", "have the user of the search allowed to write there"),
    (r"is locked|lock timeout", "another worker holds it: wait, or end the one that hangs"),
    (r"is full|No space left", "free some disk space and run the same command again"),
    (r"refused|timeout|timed out|translate host|reachable|No route|No such file|closed|terminat|lost|SSL",
     "check that the server runs and is reached at that host and port, then run the same command again"),
)  # fmt: skip


def url_of(address: str) -> sa.URL:
    """The address of a database, checked.

    Args:
        address: ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST:PORT/DATABASE``.

    Raises:
        EdgedigitsError: not such an address. What is wrong is named without any part of a password.
    """
    remedy = "write sqlite:///FILE or postgresql://USER@HOST:PORT/DATABASE"
    try:
        url = sa.make_url(address)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise EdgedigitsError("--storage is no address of a database", remedy) from error
    kind = url.drivername.partition("+")[0]
    if kind not in ("sqlite", "postgresql"):
        raise EdgedigitsError(f"a study cannot be kept in {kind}", remedy)
    if kind == "sqlite" and url.database in (None, "", ":memory:"):
        raise EdgedigitsError("a SQLite study needs a file", "write sqlite:///FILE")
    if "@" in (url.host or ""):
        raise EdgedigitsError(
            "the password in --storage holds an @, which ends it too early", "write %40 for @, or set PGPASSWORD"
        )
    return url.set(drivername=_DRIVER) if url.drivername == "postgresql" else url


def sqlite_url(path: Path) -> sa.URL:
    """The address of a SQLite file.

    Raises:
        EdgedigitsError: the path holds a question mark, which ends it in an address.
    """
    if "?" in str(path):
        raise EdgedigitsError(f"a study cannot be kept in {path}: it holds a ?", "choose another folder")
    return sa.URL.create("sqlite", database=str(path))


def shown(url: sa.URL) -> str:
    """The address for messages and files, its password masked."""
    plain = url.set(drivername="postgresql") if url.drivername == _DRIVER else url
    return plain.difference_update_query(["password", "sslpassword"]).render_as_string(hide_password=True)


@contextmanager
def database_errors(url: sa.URL) -> Iterator[None]:
    """Turn what a database refuses into an error that says what to do, without its password."""
    try:
        yield
    except (sa.exc.SQLAlchemyError, StorageInternalError, sqlite3.Error) as error:
        reason = _reason(error)
        for secret in filter(None, (url.password, url.query.get("password"))):
            reason = reason.replace(str(secret), "***")
        remedy = next(
            (remedy for pattern, remedy in _REMEDIES if re.search(pattern, reason, re.IGNORECASE)),
            "check the address and the database",
        )
        raise EdgedigitsError(f"the database {shown(url)} cannot be used ({reason})", remedy) from error


def _reason(error: BaseException) -> str:
    """What the database itself said, on one line: neither SQL nor parameters."""
    while isinstance(error, StorageInternalError) and error.__cause__:
        error = error.__cause__
    said = getattr(error, "orig", None) or error
    return " ".join(str(said).split())[:200]


@contextmanager
def exclusive(url: sa.URL) -> Iterator[None]:
    """Let one worker at a time, of all machines, set up the database and the study in it.

    The lock dies with the process that holds it: an advisory lock of PostgreSQL; for SQLite the lock of an empty
    database file beside the study's.

    Raises:
        EdgedigitsError: the database cannot be reached or used, or another worker holds the lock for too long.
    """
    with database_errors(url):
        if url.get_backend_name() == "sqlite":
            path = Path(str(url.database))
            lock = sqlite3.connect(path.with_name(f".{path.name}.lock"), LOCK_SECONDS, isolation_level=None)
            with closing(lock):
                lock.execute("BEGIN EXCLUSIVE")
                yield
            return
        engine = _engine(url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield


def _engine(url: sa.URL, **settings: Any) -> sa.Engine:
    try:
        return sa.create_engine(url, **_engine_settings(url), **settings)
    except ModuleNotFoundError as error:
        raise EdgedigitsError(
            f"PostgreSQL needs {error.name}, which is not installed", 'pip install "edgedigits[train]"'
        ) from error


def _engine_settings(url: sa.URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": LOCK_SECONDS}}
    # Keepalives find out about a server that is gone; pre-ping replaces connections that were cut since.
    alive = {
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    }
    return {"connect_args": alive, "pool_pre_ping": True}


def open_storage(url: sa.URL) -> RDBStorage:
    """Open Optuna's storage, its tables made where they are missing; to be called by one worker at a time.

    Raises:
        EdgedigitsError: the database cannot be reached or used, or holds the tables of another version of Optuna.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with database_errors(url):
        try:
            address = url.render_as_string(hide_password=False)
            template = address.replace("{", "{{").replace("}", "}}")  # which Optuna takes it for
            storage = RDBStorage(template, engine_kwargs=_engine_settings(url))
        except RuntimeError as error:
            raise EdgedigitsError(
                f"the database {shown(url)} was set up by another version of Optuna than {optuna.__version__}",
                "install that version, or name another database",
            ) from error
        listen = _lock_before_reading if url.get_backend_name() == "sqlite" else _count_in_utc
        listen(storage.engine)
        storage.engine.dispose()  # connections that were opened before
    return storage


def _lock_before_reading(engine: sa.Engine) -> None:
    """Have every SQLite transaction locked from its beginning.

    SQLite knows no ``SELECT ... FOR UPDATE``, with which Optuna guards a trial: two workers would both read that it
    waits, and both take it. What to listen to is SQLAlchemy's own advice for pysqlite.
    """

    @sa.event.listens_for(engine, "connect")
    def no_begin_of_its_own(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _count_in_utc(engine: sa.Engine) -> None:
    """Have heartbeats, which Optuna keeps without a time zone, in the same one on every machine."""

    @sa.event.listens_for(engine, "connect")
    def set_zone(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")
        connection.commit()
