"""The text of a profile's ini."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import Template


@dataclass(frozen=True, slots=True)
class Answers:
    """What was asked for.

    Attributes:
        profile: the profile's name.
        bind_address: where the gateway listens: a host name or an IP address.
        bind_port: likewise.
        endpoint: URL of the CloudStack API.
        cloudstack_ca: a file of CA certificates to check the cloud's certificate with; empty for
            those of the system.
        api_key: of the user that ``gstack env`` makes tokens for; empty for none.
        secret_key: likewise.
        project: the project that clients are set up for; empty for none.
        zone: likewise.
        certificate: whether the gateway speaks TLS with a certificate of its own.
        key_ring: whether the key ring is made now; else it is made when the gateway starts.
        hosts: the names that clients may reach the gateway by.
        links: the base of links, where it isn't where clients reach the gateway.
    """

    profile: str
    bind_address: str
    bind_port: int
    endpoint: str
    cloudstack_ca: str = ""
    api_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    project: str = ""
    zone: str = ""
    certificate: bool = False
    key_ring: bool = False
    hosts: Sequence[str] = ()
    links: str = ""


def ini_text(answers: Answers) -> str:
    """The ini of a profile, commented."""
    server = _TLS if answers.certificate else _PLAIN
    values: Mapping[str, str] = {
        name: str(value).replace("%", "%%")
        for name, value in (
            ("profile", answers.profile),
            ("address", answers.bind_address),
            ("port", answers.bind_port),
            ("endpoint", answers.endpoint),
            ("verify", _setting("gstack.cloudstack.verify", answers.cloudstack_ca, "true")),
            ("api_key", _setting("gstack.cloudstack.api_key", answers.api_key)),
            ("secret_key", _setting("gstack.cloudstack.secret_key", answers.secret_key)),
            ("project", _setting("gstack.project", answers.project)),
            ("zone", _setting("gstack.zone", answers.zone)),
            ("hosts", " ".join(_with_port(host, answers.bind_port) for host in answers.hosts)),
            ("links", _setting("gstack.links_url", answers.links)),
            ("create", "false" if answers.key_ring else "true"),
        )
    }
    ca = (
        f"gstack.ca_file = {answers.profile}.ca.pem" if answers.certificate else "#gstack.ca_file ="
    )
    return Template(_INI).substitute(values, server=Template(server).substitute(values), ca_file=ca)


def _with_port(host: str, port: int) -> str:
    host = f"[{host}]" if ":" in host else host
    return f"{host} {host}:{port}"


def _setting(key: str, value: str, default: str = "") -> str:
    return f"{key} = {value}" if value else f"#{key} = {default}".rstrip()


_INI = """\
# gstack's profile $profile, made by gstack-configure. Every setting is described in
# docs/configuration.md; relative paths are relative to this folder.

[app:main]
use = egg:gstack_pyramid

# URL of the CloudStack API.
gstack.cloudstack.endpoint = $endpoint
# Whether to check the cloud's certificate (true, false), or a file of CA certificates to check
# it with.
$verify

# The names that clients may reach the gateway by, with its port or behind a proxy.
gstack.hosts = $hosts
# The base of links in answers: Google's for Terraform and Ansible, which know no other; empty for
# clients that follow them, as gcutil does.
$links

# The key ring that tokens are sealed with. Whoever has it can read every token.
gstack.token_keys_file = $profile.token-keys
# Whether to make it when it is missing.
gstack.token_keys_create = $create

# What operations and used codes are remembered in.
gstack.operations.url = $profile.operations.sqlite
gstack.signin.ledger = $profile.ledger.sqlite

# For `gstack env` and `gstack token`; the gateway itself needs none of these. Whose keys go into a
# token, and the project and the zone that clients are set up for.
$api_key
$secret_key
$project
$zone
# The certificate authority that clients are told to trust.
$ca_file

# What GCE's own names mean on this cloud, for example:
#gstack.settings.machine_types = {n1-standard-1: medium}
#gstack.settings.disk_types = {pd-standard: standard}

$server
[loggers]
keys = root, gstack, audit

[handlers]
keys = console, audit

[formatters]
keys = line, raw

[logger_root]
level = WARNING
handlers = console

[logger_gstack]
level = INFO
handlers =
qualname = gstack_pyramid

# Who has changed what and who has signed in, in the form of Google's audit logs.
[logger_audit]
level = INFO
handlers = audit
propagate = 0
qualname = gstack_pyramid.audit

[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = line

[handler_audit]
class = gstack_pyramid.observability.files.PrivateFile
args = ('%(here)s/$profile.audit.log',)
level = NOTSET
formatter = raw

[formatter_raw]
format = %(message)s

[formatter_line]
class = gstack_pyramid.observability.formats.Text
format = %(asctime)s %(levelname)-7s %(name)s  %(message)s
"""

_PLAIN = """\
[server:main]
use = egg:waitress#main
host = $address
port = $port
# More than gstack.waiters, the requests that wait for operations.
threads = 16
"""

_TLS = """\
[server:main]
# A server that speaks TLS by itself.
use = egg:gstack_pyramid#tls
host = $address
port = $port
# More than gstack.waiters, the requests that wait for operations.
threads = 16
# gstack-configure makes both anew; each is good for 397 days.
certificate = $profile.server.pem
private_key = $profile.server-key.pem
"""
