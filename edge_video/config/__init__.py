"""Holds the configuration as validated, frozen values, and reads it from a YAML file."""

from edge_video.config.broker import (
    AmqpConfig,
    AmqpSinkConfig,
    DirectorySinkConfig,
    EventsConfig,
    TlsConfig,
)
from edge_video.config.camera import CameraConfig, DeviceConfig
from edge_video.config.cluster import ClusterConfig
from edge_video.config.commands import CommandsConfig
from edge_video.config.env_file import (
    load_commands_exchange_with_env_file,
    load_http_with_env_file,
    load_routes_with_env_file,
    load_with_env_file,
)
from edge_video.config.http import HttpConfig, ReadyConfig
from edge_video.config.loader import load_config, load_routes, parse_config
from edge_video.config.masking import redactor_of
from edge_video.config.model import Config
from edge_video.config.policies import (
    CircuitBreakerConfig,
    LogConfig,
    MemoryControllerConfig,
    StateConfig,
    SupervisionConfig,
)
from edge_video.config.problems import ConfigError, Problem
from edge_video.config.publish import PublishConfig
from edge_video.config.schedule import ScheduleConfig
from edge_video.config.schema import json_schema
from edge_video.text.urls import NETWORK_SCHEMES

__all__ = [
    "NETWORK_SCHEMES",
    "AmqpConfig",
    "AmqpSinkConfig",
    "CameraConfig",
    "CircuitBreakerConfig",
    "ClusterConfig",
    "CommandsConfig",
    "Config",
    "ConfigError",
    "DeviceConfig",
    "DirectorySinkConfig",
    "EventsConfig",
    "HttpConfig",
    "LogConfig",
    "MemoryControllerConfig",
    "Problem",
    "PublishConfig",
    "ReadyConfig",
    "ScheduleConfig",
    "StateConfig",
    "SupervisionConfig",
    "TlsConfig",
    "json_schema",
    "load_commands_exchange_with_env_file",
    "load_config",
    "load_http_with_env_file",
    "load_routes",
    "load_routes_with_env_file",
    "load_with_env_file",
    "parse_config",
    "redactor_of",
]
