"""Every key that a stack can set, in sections, with unit, range and default; a wrong one fails with a sentence.

`stack` has the whole, `profiles` what `starter` and `production` choose, the other files one section each.
"""

from infra.config.api import ApiConfig, DomainConfig
from infra.config.cache import CacheConfig
from infra.config.cluster import ClusterConfig, NodeGroupConfig
from infra.config.demand import Demand
from infra.config.functions import VISIBILITY_FACTOR, ConsumerConfig, FunctionConfig, PollersConfig
from infra.config.index import IndexConfig
from infra.config.network import NetworkConfig
from infra.config.photos import PhotosConfig
from infra.config.profiles import Profile
from infra.config.read import read_config
from infra.config.section import PROJECT, ConfigError, Section
from infra.config.stack import StackConfig
from infra.config.triton import EnginesConfig, ModelConfig, TritonConfig
from infra.config.values import LOG_STEPS
from infra.config.watch import WatchConfig
from infra.config.website import WebsiteConfig

__all__ = [
    "LOG_STEPS",
    "PROJECT",
    "VISIBILITY_FACTOR",
    "ApiConfig",
    "CacheConfig",
    "ClusterConfig",
    "ConfigError",
    "ConsumerConfig",
    "Demand",
    "DomainConfig",
    "EnginesConfig",
    "FunctionConfig",
    "IndexConfig",
    "ModelConfig",
    "NetworkConfig",
    "NodeGroupConfig",
    "PhotosConfig",
    "PollersConfig",
    "Profile",
    "Section",
    "StackConfig",
    "TritonConfig",
    "WatchConfig",
    "WebsiteConfig",
    "read_config",
]
