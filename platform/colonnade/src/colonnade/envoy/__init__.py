"""The Envoy emitter: pure functions from the resolved platform and one target to Envoy's resources."""

from colonnade.envoy.balancer import balancer
from colonnade.envoy.bootstrap import bootstrap
from colonnade.envoy.resources import resources

__all__ = ["balancer", "bootstrap", "resources"]
