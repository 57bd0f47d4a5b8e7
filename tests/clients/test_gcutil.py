"""gcutil of 2014 itself, on Python 2.7, over https with a private authority, as users.md has it."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..support.programs import required
from .gateway import Gateway, run, served
from .manual import example
from .pasted_code import sign_in_by_pasting
from .tls import Authority

pytestmark = [pytest.mark.clients, pytest.mark.matrix]

RunGcutil = Callable[..., str]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Gateway]:
    """A gateway with a certificate of that authority, and links of its own."""
    with served(tmp_path_factory.mktemp("secure"), {}, tls=authority) as gateway:
        yield gateway
        assert gateway.complaints() == []


@pytest.fixture
def gcutil(gateway: Gateway, authority: Authority, tmp_path: Path) -> RunGcutil:
    """Runs gcutil, which has signed in, and gives what it prints."""
    program_folder = tmp_path / "gcutil"
    shutil.copytree(required("gcutil").resolve().parent, program_folder)
    trusted = program_folder / "lib" / "httplib2" / "httplib2" / "cacerts.txt"
    with trusted.open("a") as file:
        file.write(authority.file.read_text())
    shell = {**gateway.environment, "HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    # It refuses to let root log in.
    shell |= {"LOGNAME": "demo", "USER": "demo"}
    function, _, _ = example("gcutil", "sh", my_account="demo-project").rpartition("gcutil auth")
    # Its library finds names in certificates, and no addresses.
    url = gateway.url.replace("127.0.0.1", "localhost")
    function = function.replace("https://gce.example.com", url)
    found = f"{required('python2.7')} {program_folder / 'gcutil'}"
    function = function.replace("python2.7 ~/gcutil/gcutil", found)
    program = ["sh", "-euc", f'{function}gcutil "$@"', "sh"]
    login = [*program, "auth", "--noauth_local_webserver", "--noconfirm_email"]
    sign_in_by_pasting(login, shell, url, tmp_path / "browser")

    def ask(command: str, *, status: int = 0) -> str:
        done = run([*program, *shlex.split(command)], shell)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    return ask


def test_a_machines_life(gcutil: RunGcutil) -> None:
    assert "ch-gva-2" in gcutil("listzones")
    image = "projects/ubuntu-os-cloud/global/images/linux-ubuntu-24-04-lts-64-bit"
    gcutil(
        "addinstance old --zone=ch-gva-2 --machine_type=small --wait_until_running "
        f"--image={image} --auto_delete_boot_disk --authorized_ssh_keys= --nouse_compute_key"
    )
    assert "RUNNING" in gcutil("getinstance old --zone=ch-gva-2")
    assert "old" in gcutil("listinstances --format=names")
    gcutil("adddisk old-data --zone=ch-gva-2 --size_gb=10 --disk_type=pd-standard")
    gcutil("attachdisk old --zone=ch-gva-2 --disk=old-data")
    gcutil("detachdisk old --zone=ch-gva-2 --device_name=old-data")
    gcutil("deletedisk old-data --zone=ch-gva-2 --force")
    gcutil("addfirewall old --allowed=tcp:22 --network=default")
    assert "tcp: 22" in gcutil("getfirewall old")
    gcutil("deletefirewall old --force")
    gcutil("deleteinstance old --zone=ch-gva-2 --force --delete_boot_pd")
    assert "old" not in gcutil("listinstances --format=names")


def test_what_is_not_there_is_said(gcutil: RunGcutil) -> None:
    assert "was not found" in gcutil("getinstance nosuch --zone=ch-gva-2", status=1)
