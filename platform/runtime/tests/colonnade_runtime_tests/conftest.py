import pytest
from colonnade_runtime.request import Request
from colonnade_runtime.testing import request_from


@pytest.fixture
async def asked() -> Request:
    """A request of alice."""
    return request_from({"x-user-id": "alice"})
