"""Running the parts of a batch, seen by the clients that send batches."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httplib2
import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import BatchHttpRequest, HttpRequest
from webob import Request, Response

from gstack_pyramid.protocol.batch import Part, parse_batch
from gstack_pyramid.protocol.batch_run import IN_BATCH, Bounds, run_batch

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer with what was asked; a path with ``fail`` raises, one with ``404`` is not found."""
    request = Request(environ)
    if "fail" in request.path_info:
        raise RuntimeError("secret detail")
    answer = {
        "method": request.method,
        "url": request.url,
        "authorization": request.headers.get("Authorization"),
        "type": request.headers.get("Content-Type"),
        "body": request.body.decode("utf-8"),
        "keys": sorted(environ),
    }
    response = Response(json_body=answer, status=404 if "404" in request.path_info else 200)
    response.set_cookie("c", "v")
    return list(response(environ, start_response))


class BatchHttp:
    """Stands for httplib2.Http; the batch that it is asked to send runs here."""

    def __init__(self, app: WSGIApplication, pool: ThreadPoolExecutor) -> None:
        self.app, self.pool = app, pool
        self.answer = b""

    def request(
        self, uri: str, method: str, body: str, headers: dict[str, str]
    ) -> tuple[httplib2.Response, bytes]:
        outer = Request.blank(uri, method=method, headers={"Authorization": "Bearer t"})
        parts = parse_batch(headers["content-type"], body.encode("utf-8"))
        self.answer, content_type = run_batch(self.app, outer.environ, parts, self.pool.submit)
        return httplib2.Response({"status": "200", "content-type": content_type}), self.answer


def client_batch(
    pool: ThreadPoolExecutor, *requests: tuple[str, str, str | None], app: WSGIApplication = echo
) -> list[Any]:
    """Send the requests with google-api-python-client; return what each of them got."""
    results: dict[str, Any] = {}

    def keep(request_id: str, response: Any, exception: HttpError | None) -> None:
        results[request_id] = exception or response

    batch = BatchHttpRequest(callback=keep, batch_uri="http://gateway/batch/compute/v1")
    for method, path, body in requests:
        batch.add(
            HttpRequest(
                None,
                lambda _, content: json.loads(content),
                f"http://gateway{path}",
                method=method,
                body=body,
                headers={"content-type": "application/json", "accept-encoding": "gzip, deflate"},
            )
        )
    batch.execute(http=BatchHttp(app, pool))
    return [results[str(number)] for number in range(1, len(requests) + 1)]


def test_a_google_client_gets_each_answer_for_its_own_request(
    executor: ThreadPoolExecutor,
) -> None:
    results = client_batch(
        executor,
        ("GET", "/compute/v1/projects/p/zones?filter=name+eq+z&alt=json", None),
        ("POST", "/compute/v1/projects/p/x", '{"name": "ä \\u00e4"}'),
        ("GET", "/compute/v1/404", None),
        *[("GET", f"/compute/v1/{number}", None) for number in range(1000, 1050)],
    )
    assert (
        results[0]["url"] == "http://gateway/compute/v1/projects/p/zones?filter=name+eq+z&alt=json"
    )
    assert (results[0]["method"], results[0]["authorization"]) == ("GET", "Bearer t")
    assert results[1]["body"] == '{"name": "ä \\u00e4"}'
    assert results[1]["type"] == "application/json"
    assert isinstance(results[2], HttpError)
    assert results[2].resp.status == 404
    assert [result["url"][-4:] for result in results[3:]] == [str(n) for n in range(1000, 1050)]


def test_a_request_that_fails_is_a_500_of_its_own_and_tells_nothing(
    executor: ThreadPoolExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    before, failed, after = client_batch(
        executor,
        ("GET", "/compute/v1/a", None),
        ("GET", "/compute/v1/fail", None),
        ("GET", "/compute/v1/b", None),
    )
    assert before["url"].endswith("/a")
    assert after["url"].endswith("/b")
    assert failed.resp.status == 500
    assert json.loads(failed.content)["error"]["errors"][0]["reason"] == "internalError"
    assert b"secret" not in failed.content
    assert "secret detail" in caplog.text


def test_an_answer_that_breaks_off_is_a_500_of_its_own(
    executor: ThreadPoolExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        yield b"{"
        raise OSError("gone")

    [failed] = client_batch(executor, ("GET", "/compute/v1/a", None), app=broken)
    assert failed.resp.status == 500


@pytest.mark.parametrize(
    "path",
    ["/batch/compute/v1", "/", "/compute", "/compute/../batch/compute/v1",
     "/compute/%2e%2E/batch/compute/v1", "/compute/v1/./x", "/computer/v1"],
)  # fmt: skip
def test_only_paths_of_the_api_can_be_asked_for(executor: ThreadPoolExecutor, path: str) -> None:
    [refused] = client_batch(executor, ("POST", path, "{}"))
    assert refused.resp.status == 404
    assert json.loads(refused.content)["error"]["status"] == "NOT_FOUND"


def run(part: Part, pool: ThreadPoolExecutor, **environ: Any) -> dict[str, Any]:
    outer = Request.blank(
        "http://gateway/batch/compute/v1",
        environ=environ,
        POST=b"outer body",
        headers={
            "Content-Type": "multipart/mixed; boundary=x",
            "Authorization": "Bearer outer",
            "User-Agent": "agent",
            "Accept-Encoding": "gzip",
            "X-HTTP-Method-Override": "DELETE",
        },
    )
    body, _ = run_batch(echo, outer.environ, [part], pool.submit)
    answer: dict[str, Any] = json.loads(body.split(b"\r\n\r\n", 2)[2].rsplit(b"\r\n--", 1)[0])
    return answer


def test_outer_headers_go_on_except_those_of_the_outer_body(executor: ThreadPoolExecutor) -> None:
    answer = run(Part("GET", "/compute/v1/x"), executor)
    assert answer["authorization"] == "Bearer outer"
    assert (answer["type"], answer["body"]) == (None, "")
    assert "HTTP_USER_AGENT" in answer["keys"]
    assert not {"HTTP_ACCEPT_ENCODING", "HTTP_X_HTTP_METHOD_OVERRIDE"} & set(answer["keys"])


def test_a_part_with_credentials_of_its_own_uses_them(executor: ThreadPoolExecutor) -> None:
    answer = run(Part("GET", "/compute/v1/x", {"authorization": "Bearer inner"}), executor)
    assert answer["authorization"] == "Bearer inner"


def test_a_part_cannot_lie_about_the_way_it_came(executor: ThreadPoolExecutor) -> None:
    headers = {
        "host": "evil",
        "x-forwarded-for": "1.1.1.1",
        "x-forwarded-host": "evil",
        "x_forwarded_host": "evil",
        "forwarded": "host=evil",
        "proxy": "evil",
        "accept-encoding": "gzip",
    }
    answer = run(Part("GET", "/compute/v1/x", headers), executor)
    assert answer["url"] == "http://gateway/compute/v1/x"
    assert not [key for key in answer["keys"] if "FORWARDED" in key or "PROXY" in key]


def test_what_frameworks_keep_in_the_outer_environ_stays_there(
    executor: ThreadPoolExecutor,
) -> None:
    part = Part("GET", "/compute/v1/x")
    answer = run(part, executor, **{"gateway.state": object(), "SCRIPT_NAME": "/gw"})
    assert "gateway.state" not in answer["keys"]
    assert answer["url"] == "http://gateway/gw/compute/v1/x"


def test_a_percent_encoded_path_reaches_the_application_decoded_once(
    executor: ThreadPoolExecutor,
) -> None:
    answer = run(Part("GET", "/compute/v1/a%2525%C3%A9?q=%26"), executor)
    assert answer["url"] == "http://gateway/compute/v1/a%2525%C3%A9?q=%26"


def test_cookies_of_a_part_are_not_sent(executor: ThreadPoolExecutor) -> None:
    http = BatchHttp(echo, executor)
    http.request(
        "http://gateway/batch",
        "POST",
        "--b\n" + "Content-Type: application/http\n\nGET /compute/v1/x HTTP/1.1\n--b--",
        {"content-type": "multipart/mixed; boundary=b"},
    )
    assert b"cookie" not in http.answer.lower()
    assert b"HTTP/1.1 200 OK\r\n" in http.answer


def test_parts_run_side_by_side_in_the_given_executor_and_answer_in_order() -> None:
    """The first part can only end after the second has begun."""
    second_runs = threading.Event()
    names: set[str] = set()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        names.add(threading.current_thread().name.rsplit("_", 1)[0])
        first = environ["PATH_INFO"].endswith("/1")
        if not first:
            second_runs.set()
        met = second_runs.wait(30)
        return list(Response(json_body=met)(environ, start_response))

    with ThreadPoolExecutor(2, thread_name_prefix="batch") as pool:
        results = client_batch(
            pool, ("GET", "/compute/1", None), ("GET", "/compute/2", None), app=app
        )
    assert results == [True, True]
    assert names == {"batch"}


def test_more_parts_than_threads_all_get_their_answer() -> None:
    with ThreadPoolExecutor(1) as pool:
        results = client_batch(pool, *[("GET", f"/compute/{n}", None) for n in range(50)])
    assert len(results) == 50


# --- what a batch may take


def statuses(body: bytes) -> list[int]:
    return [int(line.split()[1]) for line in body.split(b"\r\n") if line.startswith(b"HTTP/1.1")]


def asked(app: WSGIApplication, count: int, bounds: Bounds) -> list[int]:
    """The statuses of a batch of so many parts, which run one after the other."""
    outer = Request.blank("http://gateway/batch/compute/v1", method="POST")
    parts = [Part("GET", f"/compute/{number}") for number in range(count)]
    with ThreadPoolExecutor(1) as pool:
        body, _ = run_batch(app, outer.environ, parts, pool.submit, bounds=bounds)
    assert len(statuses(body)) == count
    if 503 in statuses(body):
        assert b"was not begun" in body
    return statuses(body)


def test_no_part_is_begun_after_the_deadline() -> None:
    now = [0.0]

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        now[0] += 4.0
        return list(Response(json_body=1)(environ, start_response))

    bounds = Bounds(seconds=10.0, clock=lambda: now[0])
    assert asked(app, 1000, bounds) == [200] * 3 + [503] * 997
    assert now == [12.0]


def test_no_part_is_begun_once_the_answers_are_long_enough() -> None:
    asked_for = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked_for.append(environ["PATH_INFO"])
        return list(Response(body=b"x" * 1_000_000)(environ, start_response))

    assert asked(app, 200, Bounds(answer_bytes=2_500_000)) == [200] * 3 + [503] * 197
    assert len(asked_for) == 3


def test_no_part_is_begun_for_a_client_that_has_hung_up() -> None:
    asked_for = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked_for.append(environ["PATH_INFO"])
        return list(Response(json_body=1)(environ, start_response))

    bounds = Bounds(gone=lambda: len(asked_for) >= 2)
    assert asked(app, 100, bounds) == [200] * 2 + [503] * 98
    assert len(asked_for) == 2


def test_operations_are_waited_for_together_and_not_in_the_threads_for_parts(
    executor: ThreadPoolExecutor,
) -> None:
    waited: list[tuple[str, set[str]]] = []
    done: set[str] = set()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        name = environ["PATH_INFO"].rpartition("/")[2]
        if name.startswith("operation") and name not in done:
            environ[IN_BATCH].awaits = name
        return list(Response(text=f"{name} {name in done}")(environ, start_response))

    def wait_for_all(names: Collection[str]) -> None:
        waited.append((threading.current_thread().name, set(names)))
        done.update(sorted(names)[:1])

    outer = Request.blank("http://gateway/batch/compute/v1", method="POST")
    parts = [Part("POST", f"/compute/{name}") for name in ("operation-1", "x", "operation-2")]
    body, _ = run_batch(app, outer.environ, parts, executor.submit, wait_for_all=wait_for_all)
    here = threading.current_thread().name
    assert waited == [(here, {"operation-1", "operation-2"})]
    told = [line for line in body.split(b"\r\n") if line.endswith((b"True", b"False"))]
    assert told == [b"operation-1 True", b"x False", b"operation-2 False"]
