"""The job for Nomad and the manifests for Kubernetes are well-formed, and name what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from edge_video.cli.main import make_parser
from edge_video.config import parse_config

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parent.parent
NOMAD: Final = ROOT / "deploy/nomad.hcl"
MANIFESTS: Final = sorted((ROOT / "deploy").glob("kubernetes*.yaml"))


def plain(value: Any) -> Any:
    """What python-hcl2 read, with its strings as their text and each block by its label."""
    match value:
        case dict():
            return {plain(key): plain(each) for key, each in value.items()}
        case list():
            return [plain(each) for each in value]
        case str() if value.startswith('"<<'):
            return value.split("\n", 1)[1].rpartition("\n")[0] + "\n"
        case str() if value.startswith('"'):
            return value[1:-1].replace('\\"', '"')
        case _:
            return value


@pytest.fixture(scope="module")
def group() -> dict[str, Any]:
    """The job's only group."""
    import hcl2  # noqa: PLC0415 - makes a parser of its grammar: a second in each worker

    job = plain(hcl2.loads(NOMAD.read_text(encoding="utf-8")))["job"][0]["edge-video"]
    (found,) = job["group"]
    named: dict[str, Any] = found["edge-video"]
    return named


def templates_of(group: dict[str, Any]) -> dict[str, str]:
    (task,) = group["task"]
    return {each["destination"]: each["data"] for each in task["edge-video"]["template"]}


def test_the_job_starts_a_valid_configuration(group: dict[str, Any], tmp_path: Path) -> None:
    templates = templates_of(group)
    (tmp_path / "secrets").mkdir()
    for path in templates:
        if path.startswith("secrets/"):
            (tmp_path / path).write_text("a-secret-of-the-test")
    text = templates["local/config.yaml"].replace("file:/secrets", f"file:{tmp_path}/secrets")
    config = parse_config(text, "config.yaml", {})
    (network,) = group["network"]
    assert config.http is not None
    assert network["port"][0]["http"]["static"] == config.http.address.port
    (task,) = group["task"]
    arguments = task["edge-video"]["config"][0]["args"]
    parsed = make_parser().parse_args(arguments)
    assert (parsed.watch, str(parsed.config)) == (True, "/local/config.yaml")


def test_every_secret_of_the_job_is_one_that_is_put_there(group: dict[str, Any]) -> None:
    asked = set(re.findall(r"{{ \.(\w+) }}", " ".join(templates_of(group).values())))
    assert asked == {"broker_password", "door_password", "http_token"}
    for path in (NOMAD, ROOT / "docs/nomad.md"):
        (put,) = re.findall(r"nomad var put nomad/jobs/edge-video (.*)", path.read_text("utf-8"))
        assert set(re.findall(r"(\w+)=", put)) == asked


def test_the_job_goes_on_where_it_is_while_its_machine_is_cut_off(group: dict[str, Any]) -> None:
    (disconnect,) = group["disconnect"]
    assert disconnect["replace"] is False
    assert "stop_on_client_after" not in disconnect, "excludes lost_after"
    assert f'`lost_after = "{disconnect["lost_after"]}"`' in (ROOT / "docs/nomad.md").read_text()


def test_the_machines_of_a_daemon_set_share_cameras_under_their_own_names(tmp_path: Path) -> None:
    manifest = {
        each["kind"]: each
        for each in yaml.safe_load_all((ROOT / "deploy/kubernetes-nodes.yaml").read_text())
    }
    pod = manifest["DaemonSet"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (variable,) = container["env"]
    assert variable["valueFrom"] == {"fieldRef": {"fieldPath": "spec.nodeName"}}
    text = manifest["ConfigMap"]["data"]["config.yaml"]
    for name in re.findall(r"file:/run/secrets/edge-video/([\w-]+)", text):
        (tmp_path / name).write_text("a-secret-of-the-test")
    text = text.replace("/run/secrets/edge-video", str(tmp_path))
    config = parse_config(text, "config.yaml", {variable["name"]: "shop-7a"})
    assert config.node == "shop-7a"
    assert config.cluster is not None
    assert config.http is not None
    (port,) = container["ports"]
    assert port["hostPort"] == port["containerPort"] == config.http.address.port
    assert make_parser().parse_args(container["args"]).watch
    assert pod["hostNetwork"]
    assert pod["dnsPolicy"] == "ClusterFirstWithHostNet"
    claimed = {each["configMap"]["name"] for each in pod["volumes"] if "configMap" in each}
    assert claimed == {manifest["ConfigMap"]["metadata"]["name"]}


def objects() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in MANIFESTS:
        for each in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            yield f"{path.name}: {each['kind']}", each


@pytest.mark.parametrize("version", ["1.25", "1.37"])
@pytest.mark.parametrize("manifest", [pytest.param(each, id=name) for name, each in objects()])
def test_a_manifest_is_what_kubernetes_takes(manifest: dict[str, Any], version: str) -> None:
    schemas = pytest.importorskip(
        "kubernetes_validate",
        reason="NOT TESTED: pip install kubernetes-validate, 17 000 files of schemas",
    )
    schemas.validate(manifest, version, strict=True)
