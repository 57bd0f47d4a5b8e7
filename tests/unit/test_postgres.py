"""The PostgreSQL that other tests run on."""

from __future__ import annotations

import subprocess

from ..support.postgres import Postgres


def test_each_database_is_new_and_empty(postgres: Postgres) -> None:
    urls = [postgres.database() for _ in range(2)]
    assert len(set(urls)) == 2
    for url in urls:
        for statement in ("CREATE TABLE operations (name TEXT)", "TABLE operations"):
            subprocess.run([postgres.programs / "psql", "-qc", statement, url], check=True)
