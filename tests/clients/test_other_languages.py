"""Google's libraries for Node.js and for Go, as users.md has them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..support.programs import required
from .gateway import run
from .gcloud import Gcloud
from .manual import example
from .packages import go, node

pytestmark = [pytest.mark.clients, pytest.mark.matrix]

_NODE = """
const project = process.env.GSTACK_PROJECT, zone = 'ch-gva-2', instance = 'from-node';
const done = async ([{latestResponse: operation}]) => {
  while (operation.status !== 'DONE')
    [operation] = await operations.wait({project, zone, operation: operation.name});
  if (operation.error) throw new Error(JSON.stringify(operation.error));
};
(async () => {
  for await (const each of zones.listAsync({project})) console.log('zone', each.name);
  await done(await instances.insert({project, zone, instanceResource: {
    name: instance,
    machineType: `zones/${zone}/machineTypes/small`,
    disks: [{boot: true, autoDelete: true, initializeParams: {
      sourceImage: 'projects/ubuntu-os-cloud/global/images/family/linux-ubuntu-24-04-lts-64-bit',
    }}],
    networkInterfaces: [{network: 'global/networks/default'}],
  }}));
  const [made] = await instances.get({project, zone, instance});
  console.log(made.name, made.status);
  for await (const [scope, {instances: found}] of instances.aggregatedListAsync({project}))
    for (const each of found) if (each.name == instance) console.log(scope, each.name);
  await done(await instances.delete({project, zone, instance}));
  try {
    await instances.get({project, zone, instance});
  } catch (problem) {
    console.log(problem.code, JSON.parse(problem.message).error.errors[0].reason);
  }
})().catch(problem => { console.error(problem); process.exit(1); });
"""


def test_node_makes_and_deletes_an_instance(exports: dict[str, str], tmp_path: Path) -> None:
    modules = node("@google-cloud/compute") / "node_modules"
    program = tmp_path / "program.cjs"
    program.write_text(example("Node.js", "js") + _NODE)
    shell = {**exports, "NODE_PATH": str(modules)}
    done = run([str(required("node")), str(program)], shell)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "zone ch-gva-2",
        "zone ch-zrh-1",
        "from-node RUNNING",
        "zones/ch-gva-2 from-node",
        "404 notFound",
    ]


@pytest.fixture
def machine(gcloud: Gcloud) -> Iterator[str]:
    """A machine; its name."""
    image = "--image-project=ubuntu-os-cloud --image-family=linux-ubuntu-24-04-lts-64-bit"
    gcloud.run(f"instances create for-go --zone=ch-gva-2 --machine-type=small {image}")
    yield "for-go"
    gcloud.run("instances delete for-go --zone=ch-gva-2")


def test_go_lists_the_instances(exports: dict[str, str], machine: str, tmp_path: Path) -> None:
    program = go(tmp_path, example("Go", "go"), exports)
    done = run([str(program)], exports)
    assert done.returncode == 0, done.stderr
    assert f"zones/ch-gva-2 {machine} RUNNING" in done.stdout.splitlines()
