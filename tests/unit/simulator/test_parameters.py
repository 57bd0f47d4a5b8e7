from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.simulator.faults import CommandError
from gstack_pyramid.simulator.parameters import check

from .cloud import Cloud
from .conftest import MakeCloud

NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("command", "params", "code", "text"),
    [
        ("deleteVolume", {}, 431, "due to missing parameter id"),
        ("deleteVolume", {"id": ""}, 431, "due to missing parameter id"),
        ("deleteVolume", {"id": "17"}, 431, "Invalid parameter id value=17"),
        ("deleteVolume", {"id": NOWHERE}, 431, "entity does not exist"),
        ("listVirtualMachines", {"id": NOWHERE}, 431, "entity does not exist"),
        ("listVirtualMachines", {"ids": ["1", "2"]}, 431, "Invalid parameter ids value=1"),
        ("listVirtualMachines", {"zoneid": NOWHERE}, 431, "Invalid parameter zoneid"),
        ("listVirtualMachines", {"haenable": "yes"}, 431, "invalid value yes"),
        ("listVirtualMachines", {"page": "two"}, 431, "invalid value two for parameter page"),
        ("listVirtualMachines", {"page": "99999999999"}, 431, "invalid value"),
        ("listVirtualMachines", {"nmae": "x"}, 431, "Unknown parameters : nmae"),
        ("listVirtualMachines", {"details": ["nics", "all", "wheels"]}, 431, "non permitted"),
        ("listVirtualMachines", {"name": "a\x07b"}, 431, "illegal ASCII non-printable"),
        ("createSecurityGroup", {"name": "x" * 256}, 431, "max allowed length 255"),
        ("listVirtualMachines", {"tags": "x"}, 431, "invalid value x for parameter tags"),
        ("listVirtualMachines", {"tags[a].key": "x"}, 430, "Unable to decode parameter"),
        ("listVirtualMachines", {"tags[0]": "x"}, 430, "Unable to decode parameter"),
        ("listVirtualMachines", {"name[0].key": "x"}, 431, "invalid value"),
        ("listTemplates", {}, 431, "missing parameter templatefilter"),
        ("listTemplates", {"templatefilter": "mine"}, 431, "No enum constant com.cloud.template"),
        ("listTemplates", {"templatefilter": "all"}, 431, "by admin only"),
        ("listVolumes", {"page": 1}, 431, '"pagesize" parameter is required'),
        ("listVolumes", {"pagesize": 1}, 431, '"page" parameter is required'),
        ("listVolumes", {"page": 1, "pagesize": 501}, 431, "max allowed page size value: 500"),
        ("listVolumes", {"page": 1, "pagesize": -1}, 431, "Can't specify page"),
        ("listVolumes", {"account": "demo-project"}, 431, "must be specified with domainId"),
        ("listAsyncJobs", {"startdate": "yesterday"}, 431, "Unable to parse date yesterday"),
    ],
)
def test_wrong_parameters_are_refused(
    cloud: Cloud, command: str, params: dict[str, object], code: int, text: str
) -> None:
    found, told = cloud.refused(command, **params)
    assert found == code
    assert text in told


def test_refused_parameters_carry_the_code_of_the_api_exception(cloud: Cloud) -> None:
    body = cloud.send(cloud.signed("deleteVolume")).body()
    assert body == {
        "uuidList": [],
        "errorcode": 431,
        "cserrorcode": 9999,
        "errortext": "Unable to execute API command deletevolume due to missing parameter id",
    }


def test_lenient_clouds_ignore_unknown_parameters_and_read_odd_booleans_as_false(
    make_cloud: MakeCloud,
) -> None:
    lenient = make_cloud(strict_parameters=False)
    assert lenient.call("listZones", colour="blue", showicon="yes")["count"] == 2


def test_user_data_may_be_longer_than_other_strings(cloud: Cloud) -> None:
    text = "QUJD" * 2000
    assert cloud.machine("long", userdata=text)["state"] == "Running"
    wish = cloud.wish(name="longer", userdata="QUJD" * 11000)
    assert "exceeded" in cloud.refused("deployVirtualMachine", **wish)[1]
    wish = cloud.wish(name="odd", userdata="not base64!")
    assert "base64" in cloud.refused("deployVirtualMachine", **wish)[1]


def test_fields_of_maps_keep_their_case(cloud: Cloud) -> None:
    custom = cloud.offering("Custom")
    wish = cloud.wish(serviceofferingid=custom, details={"cpunumber": 2, "memory": 1024})
    assert "Invalid cpu cores value" in cloud.refused("deployVirtualMachine", **wish)[1]


def test_the_account_may_name_itself_and_nobody_else(cloud: Cloud) -> None:
    mine = cloud.rows("listAccounts")[0]
    same = {"account": "demo-project", "domainid": mine["domainid"]}
    assert cloud.rows("listSecurityGroups", **same) == cloud.rows("listSecurityGroups")
    same["account"] = "other-project"
    assert cloud.refused("listSecurityGroups", **same)[0] == 531


sent = st.dictionaries(
    st.text(st.sampled_from("idzonetagskey[]01.PAGE"), max_size=12)
    | st.sampled_from(["id", "ids"]),
    st.text(max_size=40),
    max_size=6,
)


@given(sent)
def test_checking_either_succeeds_or_is_a_command_error(
    model: CloudStackModel, sent: dict[str, str]
) -> None:
    for command in ("listVirtualMachines", "createTags", "deployVirtualMachine"):
        code = None
        try:
            check(model.command(command), sent, strict=True, page_size=500)
        except CommandError as error:
            code = error.code
        assert code in (None, 430, 431)
