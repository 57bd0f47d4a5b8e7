from __future__ import annotations

from typing import Any

import pytest
import yaml

from gstack_pyramid.cloudstack.errors import (
    CloudStackBadAnswer,
    CloudStackError,
    CloudStackTimeout,
    CloudStackUnavailable,
)
from gstack_pyramid.engine.error_table import ErrorTable
from gstack_pyramid.mapping.document import Document, read_document
from gstack_pyramid.mapping.error_table import compile_error_table
from gstack_pyramid.schemas.location import data_folder

FILE = data_folder("mappings") / "_errors.yaml"


def refused(code: int, text: str, exception: int | None = 4350) -> CloudStackError:
    return CloudStackError("someCommand", code, text, exception)


@pytest.fixture(scope="module")
def table() -> ErrorTable:
    return compile_error_table(read_document(FILE))


# Texts as CloudStack words them: ApiServer, ApiDispatcher, ParamProcessWorker and the managers.
SEEN: list[tuple[int, str, str, list[Any]]] = [
    (
        503,
        "backendError",
        "SERVICE_UNAVAILABLE",
        [
            CloudStackUnavailable("listZones", "connection refused", False),
        ],
    ),
    (
        504,
        "backendError",
        "TIMEOUT",
        [
            CloudStackTimeout("listZones", "no answer in 60 s", True),
        ],
    ),
    (
        502,
        "backendError",
        "INTERNAL_ERROR",
        [
            CloudStackBadAnswer("listZones", "HTTP 200 with HTML", True, 200),
        ],
    ),
    (
        401,
        "authError",
        "UNAUTHENTICATED",
        [
            refused(401, "unable to verify user credentials and/or request signature", None),
        ],
    ),
    (
        403,
        "forbidden",
        "PERMISSION_DENIED",
        [
            refused(401, "The API [x] does not exist or is not available for the account"),
            refused(
                432,
                "The API [updateVolume] does not exist or is not available for the account for"
                " user id [9ead34ae-9ffd-4fe9-b0f2-3d639763aa35].",
                9999,
            ),
            refused(531, "Acct[x] does not have permission to operate with resource"),
            refused(511, "Account requires two factor authentication"),
            refused(530, "Acct does not have permission", 4365),
        ],
    ),
    (
        400,
        "invalid",
        "INVALID_USAGE",
        [
            # ParamProcessWorker.validateField says so of any parameter.
            refused(431, "Value greater than max allowed length 255 for param: keyword"),
        ],
    ),
    (
        429,
        "rateLimitExceeded",
        "RATE_LIMIT_EXCEEDED",
        [
            refused(429, "The given user has reached his/her account api limit"),
        ],
    ),
    (
        403,
        "quotaExceeded",
        "QUOTA_EXCEEDED",
        [
            refused(
                535,
                "Maximum number of resources of type 'user_vm' for account x exceeded",
            ),
            refused(532, "Maximum amount of resources of Type = 'volume' is exceeded"),
        ],
    ),
    (
        503,
        "backendError",
        "ZONE_RESOURCE_POOL_EXHAUSTED",
        [
            refused(533, "Unable to create a deployment for VM instance"),
            # https://github.com/apache/cloudstack/issues/1813 and 7053 show it so in jobs.
            refused(530, "Unable to start a VM due to insufficient capacity"),
            refused(530, "Insufficient server capacity exception"),
        ],
    ),
    (
        503,
        "backendError",
        "RESOURCE_NOT_READY",
        [
            refused(534, "Resource [Host:1] is unreachable"),
            refused(503, "Maintenance is in progress"),
        ],
    ),
    (
        409,
        "alreadyExists",
        "RESOURCE_ALREADY_EXISTS",
        [
            refused(
                431,
                "The vm with hostName web1 already exists in the network domain:"
                " sandbox.simulator; network=default",
            ),
            refused(431, "ACL item with number 10005001 already exists in ACL: 5db0466a"),
        ],
    ),
    (
        409,
        "alreadyExists",
        "RESOURCE_ALREADY_EXISTS",
        [
            refused(530, "tag env already on UserVm with id 7", None),
        ],
    ),
    (
        404,
        "notFound",
        "RESOURCE_NOT_FOUND",
        [
            refused(530, "Unable to find security rule with id 7", None),
        ],
    ),
    (
        404,
        "notFound",
        "RESOURCE_NOT_FOUND",
        [
            refused(530, "Failed to delete tags", None),
        ],
    ),
    (
        404,
        "notFound",
        "RESOURCE_NOT_FOUND",
        [
            refused(431, "Unable to find a virtual machine with id 7"),
            refused(
                431,
                "Invalid parameter id value=7, or entity does not exist",
            ),
        ],
    ),
    (
        400,
        "resourceInUseByAnotherResource",
        "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE",
        [
            refused(431, "Please specify a volume that is not attached to any VM."),
            refused(530, "Failed to delete network"),
            refused(536, "Cannot delete group when it's in use by virtual machines"),
        ],
    ),
    (
        409,
        "conflict",
        "CONFLICT",
        [
            refused(537, "The range specified, 22-22, conflicts with rule 7"),
        ],
    ),
    (
        400,
        "invalid",
        "UNSUPPORTED_OPERATION",
        [
            refused(432, "The action is not supported"),
            refused(
                431, "Deployment of virtual machine is supported only for Zone-wide storage pools"
            ),
            refused(
                432,
                "Going from existing size of 5368709120 to size of 4294967296 would shrink the"
                " volume.Need to sign off by supplying the shrinkok parameter with value of true.",
            ),
        ],
    ),
    (
        400,
        "invalid",
        "UNSUPPORTED_OPERATION",
        [refused(530, "Create instance from backup is not supported for this provider.")],
    ),
    (
        400,
        "resourceNotReady",
        "RESOURCE_NOT_READY",
        [
            refused(431, "VM has to be stopped first"),
            refused(431, "Please specify a volume that is not uploading"),
            refused(530, "Please specify a template that is not currently being downloaded."),
        ],
    ),
    (
        400,
        "invalid",
        "INVALID_ARGUMENT",
        [
            refused(431, "The specified range is no range"),
            refused(430, "Unable to execute API command due to missing parameter zoneid"),
        ],
    ),
    (
        500,
        "internalError",
        "INTERNAL_ERROR",
        [
            refused(
                530, "Internal error executing command, please contact your system administrator"
            ),
            refused(530, "Failed to copy snapshot"),
        ],
    ),
]


@pytest.mark.parametrize(("status", "reason", "code", "errors"), SEEN)
def test_errors_have_gces_status_reason_and_code(
    table: ErrorTable, status: int, reason: str, code: str, errors: list[Any]
) -> None:
    for error in errors:
        told = table.translate(error)
        assert (told.status, told.reason, told.code) == (status, reason, code), str(error)


def test_every_rule_of_the_table_is_there_for_an_error_that_is_seen() -> None:
    rules = yaml.safe_load(FILE.read_text("utf-8"))["errors"]
    document = Document("x", {"errors": [{**rule, "code": str(n)} for n, rule in enumerate(rules)]})
    numbered = compile_error_table(document)
    used = {numbered.translate(error).code for *_, errors in SEEN for error in errors}
    assert used == {str(number) for number in range(len(rules))}


def test_cloudstacks_words_are_kept_where_the_rule_has_none(table: ErrorTable) -> None:
    assert (
        table.translate(refused(431, "Invalid CIDR: everywhere")).message
        == "Invalid CIDR: everywhere"
    )


MACHINE = '{"id":20,"instanceName":"i-3-20-VM","state":"Running","uuid":"4995-a2b2"}'


@pytest.mark.parametrize(
    ("text", "reason", "told"),
    [
        (
            'Unable to delete template: Template {"format":"RAW","id":200,"name":"img1"} because VM'
            f" instances: [VM instance {MACHINE},VM instance {MACHINE}] are using it.",
            "resourceInUseByAnotherResource",
            "Unable to delete template: Template because VM instances: [VM instance,VM instance]"
            " are using it.",
        ),
        (
            f"Unable to reach VM instance {MACHINE}",
            "invalid",
            "Unable to reach VM instance",
        ),
        (
            'Can\'t delete VPC VPC {"id":1,"tags":{"a":"b"}} as its used by 2 networks',
            "resourceInUseByAnotherResource",
            "Can't delete VPC VPC as its used by 2 networks",
        ),
    ],
)
def test_objects_in_cloudstacks_words_are_neither_read_nor_told(
    table: ErrorTable, text: str, reason: str, told: str
) -> None:
    """Texts as CloudStack 4.22 gives them."""
    translated = table.translate(refused(431, text))
    assert (translated.reason, translated.message) == (reason, told)


def test_the_operator_is_told_which_command_a_role_lacks(table: ErrorTable) -> None:
    text = "The API [listHosts] does not exist or is not available for the account for user id [8]."
    assert "[listHosts]" in table.translate(refused(432, text)).message


def test_nothing_of_a_broken_connection_is_told_to_the_client(table: ErrorTable) -> None:
    told = table.translate(CloudStackUnavailable("listZones", "10.1.2.3 refused", False))
    assert "10.1.2.3" not in told.message
    assert told.details == []


def test_cloudstacks_own_codes_go_into_the_details(table: ErrorTable) -> None:
    (detail,) = table.translate(refused(431, "no", 4350)).details
    assert detail["metadatas"] == {
        "command": "someCommand",
        "errorcode": "431",
        "cserrorcode": "4350",
    }
    assert table.translate(refused(431, "no", None)).details[0]["metadatas"]["cserrorcode"] == ""


def made(*rules: dict[str, Any]) -> ErrorTable:
    common = {"status": 500, "reason": "x"}
    return compile_error_table(
        Document("x", {"errors": [{**common, "code": str(n), **r} for n, r in enumerate(rules)]})
    )


def test_the_first_rule_that_fits_decides() -> None:
    table = made(
        {"when": {"errorcode": 431, "text": "CIDR"}}, {"when": {"errorcode": [430, 431]}}, {}
    )
    assert table.translate(refused(431, "bad cidr")).code == "0"
    assert table.translate(refused(431, "bad name")).code == "1"
    assert table.translate(refused(530, "bad cidr")).code == "2"


def test_all_conditions_of_a_rule_must_hold() -> None:
    table = made({"when": {"errorcode": 530, "cserrorcode": 4365, "text": "permission"}}, {})
    assert table.translate(refused(530, "no permission", 4365)).code == "0"
    for other in (
        refused(531, "no permission", 4365),
        refused(530, "no permission", 4350),
        refused(530, "no", 4365),
    ):
        assert table.translate(other).code == "1"


def test_a_rule_without_conditions_is_about_everything() -> None:
    assert made({}).translate(CloudStackTimeout("x", "slow", True)).code == "0"


def test_without_a_rule_that_fits_it_is_our_error() -> None:
    told = made({"when": {"errorcode": 1}}).translate(refused(530, "broken"))
    assert (told.status, told.reason) == (500, "internalError")
    assert "broken" in told.message
