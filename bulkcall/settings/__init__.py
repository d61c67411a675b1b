"""Settings: the only reader of the environment and of bulkcall.toml (contract: Settings)."""

from bulkcall.settings.model import RULES, Rule, Secret, Settings
from bulkcall.settings.sources import Loaded, env_name, load_settings, survey
from bulkcall.settings.together import contradictions
from bulkcall.settings.values import is_loopback

__all__ = [
    "RULES",
    "Loaded",
    "Rule",
    "Secret",
    "Settings",
    "contradictions",
    "env_name",
    "is_loopback",
    "load_settings",
    "survey",
]
