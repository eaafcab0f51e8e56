"""`helm test`: what its pod does, against services that are not there, not ready, or stuck."""

import runpy
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from rendering import CHART, Rendered, render

from cadran.runtime.http import METRICS_PATH, READY_PATH

Main = Callable[..., int]


@pytest.fixture
def main() -> Main:
    return runpy.run_path(str(CHART / "files" / "ready.py"))["main"]


class Services(ThreadingHTTPServer):
    """A RAN and a service; tests change what they answer."""

    ready = 200
    step = 1
    frames = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        services = self.server
        services.frames += services.step
        metrics = self.path == METRICS_PATH
        self.send_response(200 if metrics else services.ready)
        self.end_headers()
        text = f"# HELP it\ncadran_ransim_frames_total {services.frames}.0\n"
        self.wfile.write((text if metrics else '{"status": "told"}').encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def services() -> Iterator[Services]:
    with Services(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_it_succeeds_where_all_are_ready_and_frames_go_on(main: Main, services: Services) -> None:
    assert main("5", services.url + METRICS_PATH, services.url + READY_PATH) == 0


def test_it_fails_where_a_service_is_not_ready_and_says_why(main: Main, services: Services, capsys) -> None:
    services.ready = 503
    assert main("0.2", services.url + METRICS_PATH, services.url + READY_PATH) == 1
    assert f'FAILED: {services.url}{READY_PATH}: {{"status": "told"}}' in capsys.readouterr().out


def test_it_fails_where_frames_stand(main: Main, services: Services, capsys) -> None:
    services.step = 0
    assert main("0.2", services.url + METRICS_PATH, services.url + READY_PATH) == 1
    assert "FAILED: frames go on" in capsys.readouterr().out


def test_it_fails_where_nobody_answers(main: Main, services: Services) -> None:
    assert main("0.2", "http://127.0.0.1:9/metrics", "http://127.0.0.1:9/ready") == 1


def test_it_asks_every_service_by_its_name(rendered: Rendered) -> None:
    command = rendered.container("test")["command"]
    names = {item["metadata"]["name"] for item in rendered.of_kind("Service")}
    urls = [word for word in command if word.startswith("http://")]
    hosts = {url.removeprefix("http://").split(":")[0].split(".")[-1] for url in urls}
    assert hosts == {name for name in names if not name.endswith("-redis")}
    assert urls[0].endswith(METRICS_PATH)
    assert all(url.endswith(READY_PATH) for url in urls[1:])
    compile(command[2], "ready.py", "exec")


def test_it_is_a_hook_that_leaves_its_log() -> None:
    (pod,) = render().of_kind("Pod")
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert "hook-succeeded" not in pod["metadata"]["annotations"]["helm.sh/hook-delete-policy"]
    assert pod["spec"]["restartPolicy"] == "Never"
