"""For tests of an application: services that answer in line, and a client that calls it in process."""

from colonnade_runtime.testing.client import AppClient, Response, request_from
from colonnade_runtime.testing.degradation import check_degradation
from colonnade_runtime.testing.fakes import FakeUpstreams

__all__ = ["AppClient", "FakeUpstreams", "Response", "check_degradation", "request_from"]
