"""Where settings are given: the environment, files of secrets, and the ini.

A layer is what one place gives, by key. Where two layers give the same key, the first one counts:
the environment, then systemd's credentials, then the ini.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from gstack_pyramid.settings.values import Given

PREFIX = "gstack."
EXTRA = f"{PREFIX}settings."
_VARIABLE = "GSTACK_"
_ENDPOINT = f"{PREFIX}cloudstack.endpoint"
_RING, _RING_FILE = f"{PREFIX}token_keys", f"{PREFIX}token_keys_file"

#: What ``gstack env`` sets for other programs must not become a setting of the next gateway that
#: the same shell starts, so the variables of these keys are called otherwise.
_OWN_NAMES = {
    f"{PREFIX}{name}": f"{_VARIABLE}CLIENT_{name.upper()}"
    for name in ("project", "zone", "ca_file")
}


@dataclass
class Layer:
    """What one place gives, and what is wrong with that.

    Attributes:
        texts: by key; a secret that a file holds is there under its own key.
        problems: a line for each.
    """

    texts: dict[str, Given] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def nested(self) -> dict[str, Any]:
        """The texts by the names of fields: ``{"cloudstack": {"endpoint": …}}``."""
        found: dict[str, Any] = {}
        for key, text in self.texts.items():
            section, _, name = key.removeprefix(PREFIX).partition(".")
            if name:
                found.setdefault(section, {})[name] = text
            else:
                found[section] = text
        return found


class Keys:
    """The keys that there are.

    Args:
        secret: each key, and whether its value is a secret, which a file may hold.
    """

    def __init__(self, secret: Mapping[str, bool]) -> None:
        self._all = set(secret)
        files = {f"{key}_file": key for key, hidden in secret.items() if hidden}
        #: Keys that name the file of a secret, by the secret's key. The key ring's file is a
        #: setting of its own, which is read again while the server runs.
        self.files = {name: key for name, key in files.items() if name not in secret}
        self._variables = {variable_of(key): key for key in (*secret, *self.files)}

    def named(self, variable: str) -> str | None:
        """The key that a variable of the environment gives; None where it gives none."""
        if variable.startswith(variable_of(EXTRA)):
            return EXTRA + variable.removeprefix(variable_of(EXTRA)).lower()
        return self._variables.get(variable)

    def unknown(self, key: str) -> str | None:
        """What is wrong with a key that there isn't; None for one that there is."""
        if key in self._all or key in self.files or (key.startswith(EXTRA) and key != EXTRA):
            return None
        near = difflib.get_close_matches(key, (*self._all, *self.files), n=1)
        return f"{key}: there is no such setting" + (f"; did you mean {near[0]}?" if near else "")

    def mistyped(self, variable: str) -> str | None:
        """What is wrong with a variable that was surely meant as another; else None.

        Others have variables that begin as ours do, as Kubernetes for a service called so.
        """
        near = difflib.get_close_matches(
            variable.removeprefix(_VARIABLE),
            [name.removeprefix(_VARIABLE) for name in self._variables],
            n=1,
            cutoff=0.85,
        )
        if not near:
            return None
        return f"{variable}: there is no such setting; did you mean {_VARIABLE}{near[0]}?"


def variable_of(key: str) -> str:
    """The variable of the environment that gives a key."""
    return _OWN_NAMES.get(key) or key.upper().replace(".", "_")


def layers(ini: Mapping[str, str], environ: Mapping[str, str], keys: Keys) -> list[Layer]:
    """All that is given, the layer that counts most first.

    Args:
        ini: keys to texts; those that don't start with ``gstack.`` are left alone, but for
            ``here``, the folder that paths are relative to, and ``__file__``, the ini's own path,
            as PasteDeploy has them.
        environ: the environment.
        keys: those that there are.
    """
    here = Path(ini.get("here", ".")).absolute()
    lowest = _ini(ini, here, keys)
    middle = _credentials(environ, here, keys)
    highest = _environment(environ, here, keys)
    found = [highest, middle, lowest]
    _move_simulator(found, environ, here)
    for upper, lower in ((highest, middle), (highest, lowest), (middle, lowest)):
        # The ring itself and its file are one thing, given in two ways.
        for one, other in ((_RING, _RING_FILE), (_RING_FILE, _RING)):
            if one in upper.texts:
                lower.texts.pop(other, None)
    return found


def _ini(ini: Mapping[str, str], here: Path, keys: Keys) -> Layer:
    path = ini.get("__file__")
    lines = _lines(Path(path)) if path else {}
    given = {}
    for key, text in ini.items():
        if key.startswith(PREFIX):
            line = f", line {lines[key]}" if key in lines else ""
            origin = f"{path}{line}" if path else "the ini"
            given[key] = Given.at(str(text), origin, here)
    return _layer(given, keys)


def _lines(path: Path) -> dict[str, int]:
    """The line of each key in an ini's section for the application, or in its defaults."""
    found: dict[str, int] = {}
    section = ""
    try:
        text = path.read_text("utf-8")
    except (OSError, ValueError):
        return found
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\[(.+)\]", line):
            section = header[1].strip()
        elif section in ("app:main", "DEFAULT") and (
            # PasteDeploy writes "set KEY" for what overrides a default.
            named := re.match(r"(?:set\s+)?(gstack\.[^\s=:]+)\s*[=:]", line)
        ):
            found[named[1]] = number
    return found


def _credentials(environ: Mapping[str, str], here: Path, keys: Keys) -> Layer:
    """What systemd's ``LoadCredential=KEY:PATH`` gives: a file in a folder for each key."""
    given, problems = {}, []
    if folder := environ.get("CREDENTIALS_DIRECTORY"):
        for file in sorted(Path(folder).glob(f"{PREFIX}*")):
            try:
                given[file.name] = Given.at(_content(file), f"credential {file}", here)
            except ValueError as error:
                problems.append(f"{file.name}: {error}")
    return _layer(given, keys, problems)


def _environment(environ: Mapping[str, str], here: Path, keys: Keys) -> Layer:
    given, problems = {}, []
    for name, text in environ.items():
        # An empty variable counts as one that isn't set.
        if not name.startswith(_VARIABLE) or not text.strip():
            continue
        if key := keys.named(name):
            given[key] = Given.at(text, f"{name} in the environment", here)
        elif problem := keys.mistyped(name):
            problems.append(f"{problem} (the environment)")
    return _layer(given, keys, problems)


def _layer(given: Mapping[str, Given], keys: Keys, problems: Iterable[str] = ()) -> Layer:
    """What one place gives, with the content of files of secrets in these files' places."""
    layer = Layer(problems=list(problems))
    for key, text in given.items():
        secret = keys.files.get(key, _RING if key == _RING_FILE else "")
        if text and given.get(secret):
            layer.problems.append(
                f"{secret} and {key} exclude each other; give one ({text.origin})"
            )
        elif problem := keys.unknown(key):
            layer.problems.append(f"{problem} ({text.origin})")
        elif key not in keys.files:
            layer.texts[key] = text
        elif text:
            path = text.here / text
            origin = f"file {path}, {text.origin}"
            try:
                layer.texts[secret] = Given.at(_content(path), origin, text.here)
            except ValueError as error:
                layer.problems.append(f"{key}: {error} ({text.origin})")
    return layer


def _content(path: Path) -> str:
    """The content of a file.

    Raises:
        ValueError: it can't be read; with its path and why.
    """
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise ValueError(f"{path}: it is no text in UTF-8") from None


def _move_simulator(found: list[Layer], environ: Mapping[str, str], here: Path) -> None:
    """Let GSTACK_SIMULATOR_PORT move an endpoint on this machine, if nothing replaces that."""
    highest, *lower = found
    port = environ.get("GSTACK_SIMULATOR_PORT")
    if not port or _ENDPOINT in highest.texts:
        return
    if not re.fullmatch(r"[0-9]{1,5}", port):
        highest.problems.append(f"GSTACK_SIMULATOR_PORT: expected a port, not {port!r}")
        return
    url = next((layer.texts[_ENDPOINT] for layer in lower if _ENDPOINT in layer.texts), "")
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    if parts.hostname == "127.0.0.1":
        moved = urlunsplit(parts._replace(netloc=f"127.0.0.1:{port}"))
        highest.texts[_ENDPOINT] = Given.at(moved, "GSTACK_SIMULATOR_PORT in the environment", here)
