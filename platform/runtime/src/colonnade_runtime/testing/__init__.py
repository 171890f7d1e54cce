"""For tests of an application: services that answer in line or as recorded, and a client in process."""

from colonnade_runtime.testing.budgets import check_budgets
from colonnade_runtime.testing.client import AppClient, Response, request_from
from colonnade_runtime.testing.degradation import check_degradation, check_graphql_degradation
from colonnade_runtime.testing.fakes import FakeUpstreams
from colonnade_runtime.testing.recorded import Recorded
from colonnade_runtime.testing.websocket import ClientSocket, Refused

__all__ = [
    "AppClient",
    "ClientSocket",
    "FakeUpstreams",
    "Recorded",
    "Refused",
    "Response",
    "check_budgets",
    "check_degradation",
    "check_graphql_degradation",
    "request_from",
]
