"""A web server with its database on one machine, set up by a startup script, by gcloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from .gcloud import Gcloud

pytestmark = [pytest.mark.clients, pytest.mark.matrix]

ZONE = "--zone=ch-gva-2"
SCRIPT = """#! /bin/bash
apt-get update
apt-get install -y apache2 php libapache2-mod-php mariadb-server php-mysql
systemctl enable --now apache2 mariadb
echo '<?php phpinfo();' > /var/www/html/info.php
"""


def test_from_a_script_to_a_snapshot(cli: Gcloud, tmp_path: Path) -> None:
    start(cli, tmp_path)
    let_in(cli)
    change_the_script(cli)
    keep_the_data(cli)
    clean_up(cli)


def start(cli: Gcloud, folder: Path) -> None:
    script = folder / "lamp.sh"
    script.write_text(SCRIPT)
    (row,) = cli.table(
        f"instances create lamp {ZONE} --machine-type=e2-small"
        " --image-family=ubuntu-2404-lts-amd64 --image-project=ubuntu-os-cloud"
        " --boot-disk-size=20GB --tags=http-server,https-server",
        f"--metadata-from-file=startup-script={script}",
        "--metadata=enable-oslogin=FALSE",
        "--labels=app=lamp",
    )
    assert (row["STATUS"], row["MACHINE_TYPE"]) == ("RUNNING", "e2-small")
    shown = cli.json(f"instances describe lamp {ZONE}")
    assert {item["key"]: item["value"] for item in shown["metadata"]["items"]} == {
        "startup-script": SCRIPT,
        "enable-oslogin": "FALSE",
    }
    assert sorted(shown["tags"]["items"]) == ["http-server", "https-server"]


def let_in(cli: Gcloud) -> None:
    # As it is printed everywhere; machines are in one group here, and gcloud is told so.
    rule = "firewall-rules create http --allow=tcp:80,tcp:443 --source-ranges=0.0.0.0/0"
    assert "targetTags" in cli.refusal(f"{rule} --target-tags=http-server,https-server")
    (row,) = cli.table(rule)
    assert (row["NETWORK"], row["ALLOW"]) == ("default", "tcp:80,tcp:443")
    (address,) = cli.values(
        f"instances describe lamp {ZONE}", of="networkInterfaces[0].accessConfigs[0].natIP"
    )
    assert address


def change_the_script(cli: Gcloud) -> None:
    cli.run(f"instances add-metadata lamp {ZONE} --metadata=startup-script=exit")
    shown = cli.json(f"instances describe lamp {ZONE}")["metadata"]["items"]
    assert {"key": "startup-script", "value": "exit"} in shown
    cli.run(f"instances stop lamp {ZONE}")
    cli.run(f"instances start lamp {ZONE}")


def keep_the_data(cli: Gcloud) -> None:
    cli.run(f"disks create lamp-data {ZONE} --size=10GB --type=pd-standard")
    cli.run(f"instances attach-disk lamp {ZONE} --disk=lamp-data --device-name=data")
    cli.run(f"disks snapshot lamp-data {ZONE} --snapshot-names=lamp-first")
    (row,) = cli.table("snapshots list", "--filter=name=lamp-first")
    assert (row["DISK_SIZE_GB"], row["STATUS"]) == ("10", "READY")


def clean_up(cli: Gcloud) -> None:
    cli.run("snapshots delete lamp-first --quiet")
    cli.run(f"instances detach-disk lamp {ZONE} --disk=lamp-data")
    cli.run(f"instances delete lamp {ZONE} --quiet")
    cli.run(f"disks delete lamp-data {ZONE} --quiet")
    cli.run("firewall-rules delete http --quiet")
    assert "lamp" not in cli.values("instances list")
