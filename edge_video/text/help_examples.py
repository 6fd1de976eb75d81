"""Holds the examples of every command; what each does is said in `help_texts`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "program": (
        ("edge-video demo", "demo.help"),
        ("edge-video init", "init.example.ask"),
        ("edge-video check", "check.example.plain"),
        ("edge-video probe", "probe.example.plain"),
        ("edge-video doctor", "doctor.example.plain"),
        ("edge-video", "run.example.plain"),
        ("edge-video explain amqp.url", "explain.help"),
    ),
    "run": (
        ("edge-video", "run.example.plain"),
        ("edge-video --config shop.yaml", "run.example.config"),
        ("edge-video --seconds 1h --report-html run.html", "run.example.report"),
    ),
    "demo": (("edge-video demo --seconds 30s", "demo.example.seconds"),),
    "check": (
        ("edge-video check", "check.example.plain"),
        ("edge-video check --config shop.yaml --full", "check.example.full"),
        ("edge-video check --json | jq .notes", "check.example.json"),
    ),
    "probe": (
        ("edge-video probe", "probe.example.plain"),
        ("edge-video probe door yard --no-broker", "probe.example.one"),
        (
            "edge-video probe --json | jq '.cameras[] | select(.ok | not)'",
            "probe.example.json",
        ),
        ("edge-video probe --measure --together --uplink 12.5", "probe.example.measure"),
    ),
    "reload": (
        ("edge-video reload", "reload.help"),
        ("edge-video reload --dry-run --url http://10.0.0.7:8080", "reload.dry_run"),
    ),
    "profile": (
        ("edge-video profile closed", "profile.help"),
        ("edge-video profile none", "profile.example.none"),
    ),
    "cluster": (
        ("edge-video cluster status", "cluster.example.status"),
        ("edge-video cluster drain --timeout 1m", "cluster.example.drain"),
        ("edge-video cluster rejoin --url http://10.0.0.7:8080", "cluster.example.rejoin"),
    ),
    "service": (
        ("edge-video service install", "service.example.install"),
        ("edge-video service status", "service.example.status"),
        ("edge-video service install --print", "service.example.print"),
    ),
    "doctor": (
        ("edge-video doctor", "doctor.example.plain"),
        (
            "edge-video doctor --json | jq '.findings[] | select(.grade == \"problem\")'",
            "doctor.example.json",
        ),
    ),
    "bundle": (
        ("edge-video bundle", "bundle.example.plain"),
        ("edge-video bundle -o /tmp/shop.tar.gz", "bundle.example.output"),
    ),
    "explain": (
        ("edge-video explain", "explain.example.sections"),
        ("edge-video explain amqp", "explain.example.section"),
        ("edge-video explain amqp.prefetch_count", "explain.example.key"),
    ),
    "completion": (
        (
            "edge-video completion bash > ~/.local/share/bash-completion/completions/edge-video",
            "completion.example.bash",
        ),
        ("edge-video completion zsh > ~/.zfunc/_edge-video", "completion.example.zsh"),
        (
            "edge-video completion fish > ~/.config/fish/completions/edge-video.fish",
            "completion.example.fish",
        ),
    ),
    "init": (
        ("edge-video init", "init.example.ask"),
        (
            "edge-video init --yes --broker amqp://broker.local --camera door=rtsp://10.0.0.5/s",
            "init.example.yes",
        ),
    ),
    "discover": (
        ("edge-video discover", "discover.example.plain"),
        (
            "edge-video discover --username viewer --password-file onvif.txt",
            "discover.example.login",
        ),
        ("edge-video discover --address 10.0.0.5 --json", "discover.example.address"),
        ("edge-video discover --match --config shop.yaml", "discover.example.match"),
    ),
    "schema": (("edge-video schema > schema.json", "schema.example.file"),),
    "watch": (
        ("edge-video watch", "watch.example.plain"),
        (
            "edge-video watch --url amqp://me:secret@broker/ --camera door --save pictures",
            "watch.example.save",
        ),
        ("edge-video watch --seconds 10s --json", "watch.example.seconds"),
    ),
    "health": (
        ("edge-video health", "health.example.plain"),
        ("edge-video health --url http://127.0.0.1:8080", "health.example.url"),
        ("edge-video health --ready --config shop.yaml", "health.example.ready"),
    ),
    "top": (
        ("edge-video top", "top.example.plain"),
        ("edge-video top --url http://10.0.0.17:8080", "top.example.url"),
        ("edge-video top --once", "top.example.once"),
    ),
    "fleet": (
        ("edge-video fleet", "fleet.example.plain"),
        (
            "edge-video fleet --url amqp://me:secret@broker/ --exchange shop.events --http",
            "fleet.example.page",
        ),
        ("edge-video fleet --once --json", "fleet.example.once"),
    ),
    "ctl": (
        ("edge-video ctl nodes", "ctl.example.nodes"),
        ("edge-video ctl shop-7 retry door --url amqp://operator@broker/", "ctl.example.retry"),
        ("edge-video ctl shop-7 snapshot door -o door.jpg", "ctl.example.snapshot"),
        ("edge-video ctl shop-7 status --url http://10.0.0.7:8080 --json", "ctl.example.http"),
    ),
    "help": (("edge-video help probe", "help.example.probe"),),
}
"""Lines to type, and the text that says what each does."""
