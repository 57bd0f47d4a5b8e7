"""Carry out docs/deployment.md in a fresh root of Debian, line by line.

`make try-deployment` calls it, as root. Each command of the page's ``sh`` blocks is run, in the
order in which it stands there, so that the page and what works can't drift apart; those of
docs/monitoring.md after them. What is left out is told, and why, and what stands in for something:
systemd doesn't run in a root, so `systemctl` is a program of this file that does what the unit says
of commands, user and signals, and nothing of its sandbox, which `make try-deb` has systemd-analyze
look at. The cloud is gstack's simulator; names are those of the page.

Needed: mmdebstrap, Debian's packages and PyPI within reach, and the ports 80, 443 and 5000 free.
ROOT_TAR names a file that keeps the bare root for further runs.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
CHECKOUT = "/path/to/the/checkout"
CLOUD = "https://cloud.example.com/client/api"
HERE = "http://127.0.0.1:8081/client/api"
NAME = "gce.example.com"
TOLD, SECRET = "/root/simulator.txt", "/root/secret-key"
PACKAGE = "As a package of Debian's"
ASK = "curl --fail --silent --retry 30 --retry-delay 1 --retry-all-errors"

LEFT_OUT = {
    "make deb": "it was done before, outside of the root",
    "make image": "an image is made where podman, buildah or docker runs: `make image` says so",
    "podman run": "as above",
    "pg_dump": "tests/clients/test_backup.py runs it",
    "pg_restore": "tests/clients/test_backup.py runs it",
}
"""How commands begin that are not run, and why."""

BEFORE = {
    "nginx -t": "a certificate of its own signing for gce.example.com, which the root trusts",
    "apt install apache2": "nginx is stopped, whose port Apache takes",
    "gstack --config /etc/gstack/production.ini doctor --deep": "the secret key is in that file",
    "sqlite3 ": "/backup and /backup-elsewhere are made, folders that stand for others",
}
"""What is done before commands that begin so, since the page leaves it to its reader."""

SYSTEMCTL = r"""#!/bin/sh
# Stands in for systemd's: what a unit's [Service] says of commands, user and signals, and no more.
while [ $# -gt 0 ]; do
  case $1 in --*) now=1 ;; *) [ -z "$verb" ] && verb=$1 || unit=${1%.service} ;; esac
  shift
done
[ "$unit" ] || exit 0
own() {
  file=/etc/systemd/system/gstack.service
  [ -e $file ] || file=/lib/systemd/system/gstack.service
  says() { sed -n "s/^$1=//p" $file; }
  pid=$(cat /run/gstack.pid 2>/dev/null)
  case $1 in
    start)
      ulimit -n "$(says LimitNOFILE)"
      umask "$(says UMask)"
      owner="-o $(says User) -g $(says Group)"
      # shellcheck disable=SC2086
      install -d -m "$(says StateDirectoryMode)" $owner /var/lib/gstack
      # shellcheck disable=SC2086
      install -d -m "$(says LogsDirectoryMode)" $owner /var/log/gstack
      # shellcheck disable=SC2046
      setsid setpriv --reuid="$(says User)" --regid="$(says Group)" --clear-groups --no-new-privs \
        $(says ExecStart) >>/var/log/journal.txt 2>&1 </dev/null &
      echo $! >/run/gstack.pid ;;
    stop)
      kill -TERM "$pid" 2>/dev/null
      left=$(says TimeoutStopSec)
      while kill -0 "$pid" 2>/dev/null; do
        [ "$left" -gt 0 ] || { echo "it does not stop" >&2; kill -KILL "$pid"; exit 1; }
        left=$((left - 1)); sleep 1
      done ;;
    reload) MAINPID=$pid sh -c "$(says ExecReload)" ;;
  esac
}
case $unit in
  gstack) run=own ;;
  nginx) run=nginx_ ;;
  apache2) run=apache_ ;;
  *) echo "systemctl: what is $unit?" >&2; exit 1 ;;
esac
nginx_() {
  case $1 in
    start) nginx ;;
    stop) nginx -s quit ;;
    # Debian would have started it as it was installed.
    reload) [ -s /run/nginx.pid ] && nginx -s reload || nginx ;;
  esac
}
apache_() {
  case $1 in
    start) apachectl start ;;
    stop) apachectl stop ;;
    reload) apachectl graceful ;;
  esac
}
case $verb in
  enable) [ -z "$now" ] || $run start ;;
  restart) $run stop; $run start ;;
  start|stop|reload) $run "$verb" ;;
  daemon-reload) ;;
  *) echo "systemctl: what is $verb?" >&2; exit 1 ;;
esac
"""


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the page's.

    Attributes:
        section: the heading that it stands below.
        text: the command.
    """

    section: str
    text: str


def commands(page: str) -> list[Command]:
    """The commands of a page's ``sh`` blocks, in their order; one may have several lines."""
    found, section, inside, text = [], "", False, ""
    for line in page.splitlines():
        if line.startswith("#") and not inside:
            section = line.lstrip("# ")
        elif line.strip() == "```sh":
            inside = True
        elif line.strip() == "```":
            inside = False
        elif inside and line.strip():
            text += line.removesuffix("\\")
            if not line.endswith("\\"):
                found.append(Command(section, text))
                text = ""
    return found


class Root:
    """A fresh root of the release of Debian that this machine has.

    Args:
        folder: where it lies.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, command: str) -> int:
        """Run a command in it, as root, in a shell; gives its exit status."""
        environment = ["PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"]
        environment += ["LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"]
        # By which this machine reaches packages.
        given = [key for key in os.environ if "proxy" in key.lower() or key == "PIP_CERT"]
        environment += [f"{key}={os.environ[key]}" for key in given]
        inside = [
            "chroot",
            str(self.folder),
            "env",
            "-i",
            *environment,
            "sh",
            "-ec",
            f"cd /root; {command}",
        ]
        # What these say is of interest only where they fail.
        noisy = command.startswith(("apt ", ASK)) or "/pip install" in command
        quiet = subprocess.PIPE if noisy else None
        done = subprocess.run(
            inside, stdin=subprocess.DEVNULL, stdout=quiet, stderr=quiet, check=False
        )
        if quiet and done.returncode:
            sys.stderr.buffer.write(done.stdout + done.stderr)
        return done.returncode

    def must(self, command: str) -> None:
        """Run a command in it that must succeed.

        Raises:
            SystemExit: it doesn't.
        """
        if self.run(command):
            journal = self.folder / "var/log/journal.txt"
            if journal.exists():
                print("\n".join(journal.read_text().splitlines()[-20:]), file=sys.stderr)
            raise SystemExit(f"FAILED: {command}")

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file in it."""
        file = self.folder / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)


@contextmanager
def fresh_root(tar: Path) -> Iterator[Root]:
    """A root that goes away again."""
    release = platform.freedesktop_os_release()["VERSION_CODENAME"]
    if not tar.exists():
        print(f"Making a root of Debian {release}", flush=True)
        made = ["mmdebstrap", "--quiet", "--variant=apt", "--include=ca-certificates,curl"]
        subprocess.run([*made, release, str(tar)], check=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gstack-root-")))
        subprocess.run(["tar", "-C", str(folder), "-xf", str(tar)], check=True)
        for kind in ("proc", "devpts"):
            where = folder / {"proc": "proc", "devpts": "dev/pts"}[kind]
            subprocess.run(["mount", "-t", kind, kind, str(where)], check=True)
            stack.callback(subprocess.run, ["umount", str(where)], check=False)
        root = Root(folder)
        # Nothing is started as it is installed; there is nothing that could start it.
        root.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
        root.write("/usr/local/bin/systemctl", SYSTEMCTL, 0o755)
        root.write("/etc/apt/apt.conf.d/99walk", 'APT::Get::Assume-Yes "true";\nquiet "2";\n')
        root.write("/root/.curlrc", "silent\nshow-error\n")
        root.write("/etc/hosts", f"127.0.0.1 localhost {NAME}\n")
        # The authorities and name servers by which this machine reaches packages.
        for each in ("/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt"):
            if Path(each).exists():
                shutil.copy(each, folder / each.lstrip("/"), follow_symlinks=True)
        own = Path("/etc/apt/apt.conf.d")
        if own.is_dir():
            for file in own.iterdir():
                if not (folder / "etc/apt/apt.conf.d" / file.name).exists():
                    shutil.copy(file, folder / "etc/apt/apt.conf.d")
        stack.callback(end_all, folder)
        root.must("apt-get update -q")
        yield root


def end_all(folder: Path) -> None:
    """End what still runs in a root."""
    for way in (15, 9):
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "root").readlink() == folder:
                    os.kill(int(process.name), way)
            except OSError:
                continue
        time.sleep(2 if way == 15 else 0)


def prepare(root: Root, command: str) -> None:
    """Do what the page leaves to its reader before a command."""
    for beginning, what in BEFORE.items():
        if not command.startswith(beginning):
            continue
        print(f"   (before it: {what})", flush=True)
        if beginning == "nginx -t":
            root.must(
                "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=gce.example.com"
                " -addext subjectAltName=DNS:gce.example.com"
                " -keyout /etc/ssl/private/gce.example.com.key"
                " -out /etc/ssl/certs/gce.example.com.pem 2>/dev/null"
                " && cat /etc/ssl/certs/gce.example.com.pem >> /etc/ssl/certs/ca-certificates.crt"
            )
        elif beginning == "apt install apache2":
            root.must("systemctl stop nginx")
        elif "doctor --deep" in beginning:
            root.must(f"sed -n 's/^secret key //p' {TOLD} | install -m 0600 /dev/stdin {SECRET}")
        else:
            root.must("install -d -m 0700 /backup /backup-elsewhere")


def carry_out(root: Root, todo: list[Command]) -> tuple[int, int]:
    """Carry commands out; gives how many were, and how many were left out."""
    done = left = 0
    section = ""
    for command in todo:
        if command.section != section:
            section = command.section
            print(f"\n## {section}", flush=True)
        text = command.text.replace(CLOUD, HERE)
        text = text.replace("--api-key KEY", f"--api-key \"$(sed -n 's/^API key *//p' {TOLD})\"")
        print(f"$ {text}", flush=True)
        reason = next((why for start, why in LEFT_OUT.items() if text.startswith(start)), None)
        if reason is not None:
            print(f"   (left out: {reason})", flush=True)
            left += 1
            continue
        prepare(root, text)
        root.must(text)
        done += 1
    return done, left


def simulate(root: Root) -> None:
    """Have the simulated cloud run in a root."""
    root.must(f"PYTHONUNBUFFERED=1 setsid gstack simulator --port 8081 >{TOLD} 2>&1 </dev/null &")
    root.must(f"for n in $(seq 60); do grep -q '^secret key' {TOLD} && exit; sleep 1; done; exit 1")


def main() -> None:
    """Walk through the page."""
    page = commands((TOP / "docs" / "deployment.md").read_text("utf-8"))
    page += commands((TOP / "docs" / "monitoring.md").read_text("utf-8"))
    package = [command for command in page if command.section == PACKAGE]
    others = [command for command in page if command.section != PACKAGE]
    counted = []
    with tempfile.TemporaryDirectory() as work:
        tar = Path(os.environ.get("ROOT_TAR") or Path(work) / "root.tar")
        with fresh_root(tar) as root:
            kept = ["git", "-C", str(TOP), "archive", "HEAD"]
            target = root.folder / CHECKOUT.lstrip("/")
            target.mkdir(parents=True)
            packed = subprocess.run(kept, check=True, capture_output=True).stdout
            subprocess.run(["tar", "-x", "-C", str(target)], input=packed, check=True)
            first = next(n for n, each in enumerate(others) if each.text.startswith("gstack init"))
            counted.append(carry_out(root, others[:first]))
            simulate(root)
            counted.append(carry_out(root, others[first:]))
            root.must(f"{ASK} https://{NAME}/readyz")
        with fresh_root(tar) as root:
            (root.folder / "root/dist").mkdir()
            shutil.copy(TOP / "dist" / "gstack.deb", root.folder / "root/dist")
            first = next(n for n, each in enumerate(package) if each.text.startswith("runuser"))
            counted.append(carry_out(root, package[:first]))
            print("   (after it: the endpoint is set in the ini, as the page says)", flush=True)
            simulate(root)
            key = "gstack.cloudstack.endpoint"
            root.must(f"sed -i 's|^{key} = .*|{key} = {HERE}|' /etc/gstack/production.ini")
            counted.append(carry_out(root, package[first:]))
            root.must(f"{ASK} http://127.0.0.1:5000/readyz")
    done, left = (sum(numbers) for numbers in zip(*counted, strict=True))
    print(f"\n{done} commands were carried out, {left} left out as told, none failed.")
    print("systemd did not run: a program stood in for systemctl, as the head of this file says.")


if __name__ == "__main__":
    main()
