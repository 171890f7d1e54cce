"""Views by method and path."""

import pytest
from colonnade_runtime.errors import MethodNotAllowed, NotFound
from colonnade_runtime.router import Router


@pytest.fixture
def router() -> Router[str]:
    made: Router[str] = Router()
    made.add("GET", "/products", "list")
    made.add("POST", "/products", "create")
    made.add("GET", "/products/{id}", "one")
    made.add("GET", "/products/{id}/reviews/{review}", "review")
    made.add("DELETE", "/file.txt/{id}", "delete")
    return made


@pytest.mark.parametrize(
    ("method", "path", "view", "parameters"),
    [
        ("GET", "/products", "list", {}),
        ("POST", "/products", "create", {}),
        ("HEAD", "/products", "list", {}),
        ("GET", "/products/p-1", "one", {"id": "p-1"}),
        ("HEAD", "/products/p-1", "one", {"id": "p-1"}),
        ("GET", "/products/a%2Fb%20c", "one", {"id": "a/b c"}),
        ("GET", "/products/p-1/reviews/7", "review", {"id": "p-1", "review": "7"}),
    ],
)
def test_a_view_is_found(
    router: Router[str], method: str, path: str, view: str, parameters: dict[str, str]
) -> None:
    assert (view, parameters) == router.find(method, path)


@pytest.mark.parametrize("path", ["/", "/products/", "/products/p-1/", "/Products", "/filextxt/1", ""])
def test_there_is_nothing_at_another_path(router: Router[str], path: str) -> None:
    with pytest.raises(NotFound):
        router.find("GET", path)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/products", "GET, HEAD, POST"),
        ("DELETE", "/products/p-1", "GET, HEAD"),
        ("HEAD", "/file.txt/1", "DELETE"),
    ],
)
def test_another_method_is_told_which_are_allowed(
    router: Router[str], method: str, path: str, allowed: str
) -> None:
    with pytest.raises(MethodNotAllowed) as caught:
        router.find(method, path)

    assert allowed == caught.value.headers["allow"]


@pytest.mark.parametrize(
    "path", ["", "products", "/a/{x", "/a/x}", "/a/{}", "/a/{an-id}", "/a/{x}/{x}", "/a?b=1", "/a#b", "/a b"]
)
def test_a_path_that_no_request_has_is_refused(router: Router[str], path: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        router.add("GET", path, "any")


def test_a_path_has_one_view_for_each_method(router: Router[str]) -> None:
    with pytest.raises(ValueError, match="GET /products/\\{id\\} has a view already"):
        router.add("GET", "/products/{id}", "other")
