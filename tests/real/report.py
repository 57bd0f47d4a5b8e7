"""What the acceptance did, and what it left: as Markdown for people, as JSON for programs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Step:
    """One command of gcloud's.

    Attributes:
        command: its words.
        status: its exit status.
        seconds: how long it took.
        sent: which CloudStack commands it led to, and how often.
        said: what it wrote about a failure.
    """

    command: str
    status: int
    seconds: float
    sent: dict[str, int]
    said: str = ""


@dataclass
class Part:
    """One test.

    Attributes:
        name: what it shows.
        outcome: ``passed``, or why not.
        refused: names of networks that the cloud keeps for a destroyed machine.
        leaked: what nobody removes.
        waiting: what CloudStack keeps by itself, most of it until it expunges machines.
    """

    name: str
    outcome: str = "did not end"
    steps: list[Step] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


@dataclass
class Report:
    """All of it.

    Attributes:
        cloud: what it ran against, in words.
        before, after: how many rows each list had, by command.
    """

    cloud: str
    parts: list[Part] = field(default_factory=list)
    before: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)

    def part(self, name: str) -> Part:
        """Begin the next part."""
        self.parts.append(Part(name))
        return self.parts[-1]

    def write(self, folder: Path) -> None:
        """Write ``report.md`` and ``report.json`` into a folder, which is made where needed."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.json").write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")
        (folder / "report.md").write_text(self.markdown(), "utf-8")

    def markdown(self) -> str:
        """The report as a page."""
        sent: Counter[str] = Counter()
        for part in self.parts:
            for step in part.steps:
                sent.update(step.sent)
        steps = sum(len(part.steps) for part in self.parts)
        lines = [
            "# Acceptance",
            "",
            f"{self.cloud}. {steps} commands of gcloud led to {sum(sent.values())} of CloudStack, "
            f"{len(sent)} different ones.",
            "",
            "| what was shown | commands | seconds | outcome | leaked |",
            "|---|---|---|---|---|",
        ]
        for part in self.parts:
            seconds = sum(step.seconds for step in part.steps)
            lines.append(
                f"| {part.name} | {len(part.steps)} | {seconds:.0f} | {part.outcome} |"
                f" {len(part.leaked)} |"
            )
        lines += ["", "| list | rows before | rows after |", "|---|---|---|"]
        for command in self.after:
            counts = self.before.get(command, 0), self.after[command]
            if any(counts):
                lines.append(f"| `{command}` | {counts[0]} | {counts[1]} |")
        for title, rows in (
            ("Left over", [row for part in self.parts for row in part.leaked]),
            ("Kept by CloudStack itself", [r for p in self.parts for r in p.waiting]),
        ):
            lines += ["", f"## {title}", ""]
            lines += [f"- {row}" for row in dict.fromkeys(rows)] or ["Nothing."]
        failed = [step for part in self.parts for step in part.steps if step.status]
        lines += ["", "## Refused or failed", ""]
        lines += [f"- `{step.command}`: {' '.join(step.said.split())}" for step in failed]
        lines += [] if failed else ["Nothing."]
        return "\n".join(lines) + "\n"
