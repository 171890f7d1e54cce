"""The list of views."""

from colonnade_runtime import App
from colonnade_runtime.graphql import graphql

from web_bff.schema import schema
from web_bff.views.home import home

app = App("web", services=["user", "product", "order"], caller="user")

app.get("/home")(home)
app.post("/graphql")(graphql(schema))
